import { MiyabiError } from '@miyabi/core'
import { type ArgsDef, type CommandDef, renderUsage, runCommand } from 'citty'
import { heading, inColumns } from './output.js'

/** A command line that cannot be understood. */
export class UsageError extends MiyabiError<'cli.usage'> {
  override readonly name = 'UsageError'

  constructor(problem: string, command: string) {
    super('cli.usage', `${problem}. \`miyabi ${command}${command && ' '}--help\` says what there is.`)
  }
}

/** One command of `miyabi`. */
export interface Command {
  /** Runs it; resolves to the exit code. */
  run(args: readonly string[]): Promise<number>
  /** Its help text; a command without one answers `--help` itself. */
  help?(): Promise<string>
}

/** A command as its file declares it. */
export interface CommandDeclaration<Args extends ArgsDef> {
  readonly name: string
  readonly purpose: string
  /** Options only: no command of ours takes positional arguments. */
  readonly options: Args
  /** Whole command lines, each with what it is good for. */
  readonly examples: readonly (readonly [line: string, purpose: string])[]
  /** Resolves to the exit code. */
  readonly run: NonNullable<CommandDef<Args>['run']>
}

/** Declares a command. Unlike citty by itself it refuses options that it does not know. */
export function command<const Args extends ArgsDef>(declaration: CommandDeclaration<Args>): Command {
  const { name, purpose, options, examples, run } = declaration
  const definition: CommandDef<Args> = { meta: { name, description: purpose }, args: options, run }
  return {
    async run(args) {
      const stranger = args.find((arg) => !arg.startsWith('--') || !(arg.slice(2) in options))
      if (stranger !== undefined) throw new UsageError(`\`miyabi ${name}\` knows no ${stranger}`, name)
      const { result } = await runCommand(definition, { rawArgs: [...args] })
      return Number(result)
    },
    async help() {
      const usage = await renderUsage(definition, { meta: { name: 'miyabi' } })
      return [usage.trimEnd(), '', heading('EXAMPLES'), '', inColumns(examples)].join('\n')
    },
  }
}
