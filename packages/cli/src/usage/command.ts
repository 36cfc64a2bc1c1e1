import type { Progress } from '../terminal/progress.js'
import type { Arguments, CommandDeclaration, CommandFacts, Options, Outcome, ValuesOf } from './declaration.js'
import type { UsageFault } from './faults.js'
import { parseLine } from './parse.js'

/** A command whose arguments are read here. */
export interface OwnCommand extends CommandFacts {
  readonly kind: 'own'
  readonly arguments: Arguments
  readonly options: Options
  readonly json: string
  readonly busy: string | undefined
  /** Everything that is wrong with these arguments. */
  faultsOf(args: readonly string[]): readonly UsageFault[]
  /** Runs it with arguments that have no fault. */
  run(args: readonly string[], progress: Progress): Promise<Outcome>
}

/** A command that hands all its arguments on, `--help` and `--json` included. */
export interface ForeignCommand extends CommandFacts {
  readonly kind: 'foreign'
  /** Resolves to the exit code. */
  run(args: readonly string[]): Promise<number>
}

export type Command = OwnCommand | ForeignCommand

/** Declares a command. */
export function command<
  const A extends Arguments = Record<never, never>,
  const O extends Options = Record<never, never>,
>(declaration: CommandDeclaration<A, O>): OwnCommand {
  const options: Options = {
    ...declaration.options,
    json: { type: 'flag', description: `Prints ${declaration.json} as JSON on stdout; errors too.` },
  }
  const declared = { arguments: declaration.arguments ?? {}, options }
  return {
    ...declaration,
    ...declared,
    kind: 'own',
    busy: declaration.busy,
    faultsOf: (args) => parseLine(declared, args).faults,
    run: (args, progress) =>
      // The declaration has read each of them.
      declaration.run({ args: parseLine(declared, args).values as ValuesOf<A, O>, progress }),
  }
}
