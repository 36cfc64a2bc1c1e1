import { MiyabiError } from './error.js'

/** One fault of one setting. Never contains a secret. */
export interface SettingFault {
  /** The variable's name. */
  readonly name: string
  /** What is wrong with it. */
  readonly problem: string
  /** What is accepted, or what to do. */
  readonly expected: string
}

/** The settings are invalid. `details.faults` lists every fault, and the message has a line for each. */
export class ConfigError extends MiyabiError<'config.invalid', { readonly faults: readonly SettingFault[] }> {
  override readonly name = 'ConfigError'

  constructor(faults: readonly SettingFault[]) {
    const lines = faults.map((fault) => `  ${fault.name}: ${fault.problem}; expected ${fault.expected}`)
    super(
      'config.invalid',
      `${faults.length === 1 ? 'A setting is' : `${faults.length} settings are`} wrong:\n${lines.join('\n')}`,
      {
        details: { faults },
      },
    )
  }
}
