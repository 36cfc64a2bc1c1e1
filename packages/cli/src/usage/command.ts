import type { Progress } from '../terminal/progress.js'
import type { Arguments, CommandDeclaration, CommandFacts, Options, Outcome, ValuesOf } from './declaration.js'
import type { UsageFault } from './faults.js'
import { parseLine } from './parse.js'

/** A command whose arguments are parsed here. */
export interface OwnCommand extends CommandFacts {
  readonly kind: 'own'
  readonly arguments: Arguments
  readonly options: Options
  readonly json: string
  readonly busy: string | undefined
  /** Returns all faults of these arguments. */
  faultsOf(args: readonly string[]): readonly UsageFault[]
  /** Runs the command with arguments that have no faults. */
  run(args: readonly string[], progress: Progress): Promise<Outcome>
}

/** A command that passes all its arguments on, including `--help` and `--json`. */
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
    json: { type: 'flag', description: `Prints ${declaration.json} as JSON on stdout, including errors.` },
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
