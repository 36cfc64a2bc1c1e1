import { MiyabiError } from '@miyabi/core'

/** A fault of a command line. */
export interface UsageFault {
  readonly kind:
    | 'unknown_command'
    | 'missing_command'
    | 'unknown_option'
    | 'missing_value'
    | 'unexpected_value'
    | 'invalid_value'
    | 'missing_argument'
    | 'unexpected_argument'
    | 'not_available'
  /** The command, option or argument. */
  readonly name: string
  readonly problem: string
  /** The probably intended value. */
  readonly suggestion?: string
}

/** An invalid command line. `details.faults` contains every fault, and the message names each. */
export class UsageError extends MiyabiError<
  'cli.usage',
  { readonly command: string; readonly faults: readonly UsageFault[] }
> {
  override readonly name = 'UsageError'

  /** @param command the command without `miyabi`: `tables apply`; empty if there is none yet. */
  constructor(command: string, faults: readonly UsageFault[]) {
    const [only] = faults
    const isOne = only !== undefined && faults.length === 1
    const lines = faults.map((fault) => `  ${fault.problem}${fault.suggestion ? `; ${didYouMean(fault)}` : ''}`)
    super('cli.usage', isOne ? only.problem : `The command line has ${faults.length} faults:\n${lines.join('\n')}`, {
      details: { command, faults },
      remedy: isOne && only.suggestion ? didYouMean(only) : `run \`miyabi ${command && `${command} `}--help\``,
    })
  }
}

const didYouMean = ({ kind, suggestion }: UsageFault): string =>
  `did you mean ${kind === 'unknown_command' ? `"${suggestion}"` : suggestion}?`
