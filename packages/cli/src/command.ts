import { MiyabiError } from '@miyabi/core'
import { type ArgsDef, type CommandDef, renderUsage, runCommand } from 'citty'
import { groupOverview } from './help.js'
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
  help?(args: readonly string[]): Promise<string>
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
export function command<const Args extends ArgsDef>(
  declaration: CommandDeclaration<Args>,
): Command & { readonly purpose: string } {
  const { name, purpose, options, examples, run } = declaration
  const definition: CommandDef<Args> = { meta: { name, description: purpose }, args: options, run }
  return {
    purpose,
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

/** Declares a command whose first argument says which of several things to do: `miyabi tables create`. */
export function commandGroup(
  name: string,
  purpose: string,
  actions: Readonly<Record<string, Command & { readonly purpose: string }>>,
): Command {
  const actionOf = (args: readonly string[]) => actions[Object.keys(actions).find((action) => action === args[0]) ?? '']
  return {
    async run(args) {
      const action = actionOf(args)
      const names = Object.keys(actions).join(' or ')
      if (action === undefined) throw new UsageError(`\`miyabi ${name}\` wants to be told ${names}`, name)
      return action.run(args.slice(1))
    },
    async help(args) {
      const action = actionOf(args)
      if (action?.help) return action.help(args.slice(1))
      const purposes = Object.entries(actions).map(([action, { purpose }]) => [action, purpose] as const)
      return groupOverview(name, purpose, purposes)
    },
  }
}
