import { MiyabiError } from '@miyabi/core'
import { type ArgsDef, type CommandDef, renderUsage, runCommand } from 'citty'
import { heading, inColumns } from './output.js'
import { groupOverview } from './overview.js'

/** A command line that cannot be understood. */
export class UsageError extends MiyabiError<'cli.usage'> {
  override readonly name = 'UsageError'

  constructor(problem: string, command: string) {
    super('cli.usage', problem, { remedy: `\`npx miyabi ${command}${command && ' '}--help\` says what there is` })
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
  /** Options, and words that have to be given: `type: 'positional'`. */
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
      assertKnown(name, options, args)
      const { result } = await runCommand(definition, { rawArgs: [...args] })
      return Number(result)
    },
    async help() {
      const usage = await renderUsage(definition, { meta: { name: 'miyabi' } })
      return [usage.trimEnd(), '', heading('EXAMPLES'), '', inColumns(examples)].join('\n')
    },
  }
}

/** @throws {UsageError} for what is no option, for an option without its value, and for too few or too many words. */
function assertKnown(name: string, options: ArgsDef, args: readonly string[]): void {
  const words = Object.entries(options).flatMap(([word, { type }]) =>
    type === 'positional' ? [word.toUpperCase()] : [],
  )
  const rest = args.values()
  for (const arg of rest) {
    if (!arg.startsWith('--') && words.shift()) continue
    const [option = '', value] = arg.replace(/^--/, '').split('=')
    const known = arg.startsWith('--') && Object.hasOwn(options, option) ? options[option] : undefined
    if (known === undefined) throw new UsageError(`\`miyabi ${name}\` knows no ${arg}`, name)
    if (known.type !== 'string' || value) continue
    const next: string | undefined = value === undefined ? rest.next().value : undefined
    if (!next || next.startsWith('--')) throw new UsageError(`\`miyabi ${name}\` wants a value for --${option}`, name)
  }
  if (words[0] !== undefined) throw new UsageError(`\`miyabi ${name}\` wants a ${words[0]}`, name)
}

/** Loads one action of a group, when it is called for: each has its own part of the house to load. */
type LoadAction = () => Promise<Command & { readonly purpose: string }>

/** Declares a command whose first argument says which of several things to do: `miyabi tables create`. */
export function commandGroup(name: string, purpose: string, actions: Readonly<Record<string, LoadAction>>): Command {
  const actionOf = async ([action = '']: readonly string[]) =>
    Object.hasOwn(actions, action) ? await actions[action]?.() : undefined
  return {
    async run(args) {
      const action = await actionOf(args)
      const names = Object.keys(actions).join(' or ')
      if (action === undefined) throw new UsageError(`\`miyabi ${name}\` wants to be told ${names}`, name)
      return action.run(args.slice(1))
    },
    async help(args) {
      const action = await actionOf(args)
      if (action?.help) return action.help(args.slice(1))
      const purposes = await Promise.all(
        Object.entries(actions).map(async ([action, load]) => [action, (await load()).purpose] as const),
      )
      return groupOverview(name, purpose, purposes)
    },
  }
}
