import { MiyabiError } from './error.js'

/** One thing that is wrong with one setting. Never holds the value of a secret. */
export interface SettingFault {
  /** The variable. */
  readonly name: string
  /** What is wrong with it. */
  readonly problem: string
  /** What would be right, or what to do. */
  readonly expected: string
}

/** The settings cannot be used. `details.faults` has every fault, and the message a line for each. */
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
