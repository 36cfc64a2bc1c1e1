import type { Command } from './command.js'
import { UsageError, type UsageFault } from './faults.js'
import { nearest } from './suggest.js'

/** A command, loaded when it is called: `status`, for example, does not need Prisma. */
export interface CommandEntry {
  /** What it does, in one sentence without a period. */
  readonly summary: string
  readonly load: () => Promise<Command>
}

/** Commands with a common first word: `tables status`, `tables apply`. */
export interface CommandGroup {
  readonly summary: string
  readonly commands: CommandTable
}

/** Commands by their names, in the order of the help. */
export type CommandTable = Readonly<Record<string, CommandEntry | CommandGroup>>

/** The command or group that a command line names. */
export interface Resolved {
  /** `['tables', 'apply']` */
  readonly path: readonly string[]
  readonly entry: CommandEntry | CommandGroup
  /** The arguments after the names. */
  readonly rest: readonly string[]
}

/**
 * Resolves the names at the beginning of a command line in the table; to a group, if no command name follows.
 * @throws {UsageError} for a name that is not in the table.
 */
export function resolve(root: CommandGroup, args: readonly string[]): Resolved {
  let entry: CommandEntry | CommandGroup = root
  const path: string[] = []
  for (const [index, name] of args.entries()) {
    if (!('commands' in entry) || name.startsWith('-')) return { path, entry, rest: args.slice(index) }
    const found: CommandEntry | CommandGroup | undefined = Object.hasOwn(entry.commands, name)
      ? entry.commands[name]
      : undefined
    if (found === undefined) throw new UsageError(path.join(' '), [unknownCommand([...path, name], entry.commands)])
    path.push(name)
    entry = found
  }
  return { path, entry, rest: [] }
}

function unknownCommand(path: readonly string[], commands: CommandTable): UsageFault {
  const before = path.slice(0, -1)
  const name = path.join(' ')
  const likely = nearest(path.at(-1) ?? '', [...Object.keys(commands), ...(before.length === 0 ? ['help'] : [])])
  const expected = likely === undefined && before.length > 0 ? `; expected ${listOf(commands)}` : ''
  const fault = { kind: 'unknown_command', name, problem: `Unknown command "${name}"${expected}` } as const
  return likely === undefined ? fault : { ...fault, suggestion: [...before, likely].join(' ') }
}

/** Returns the fault of a group that is called like a command. */
export function missingCommand({ path, entry, rest }: Resolved & { readonly entry: CommandGroup }): UsageFault {
  const place = rest[0] === undefined ? `after "${['miyabi', ...path].join(' ')}"` : `before ${rest[0]}`
  const problem = `Missing command ${place}; expected ${listOf(entry.commands)}`
  return { kind: 'missing_command', name: path.join(' '), problem }
}

const listOf = (commands: CommandTable): string => `one of: ${Object.keys(commands).join(', ')}`

/** Every command of a table, in its order. */
export function commandsOf(
  table: CommandTable,
  above: readonly string[] = [],
): readonly (Resolved & { readonly entry: CommandEntry })[] {
  return Object.entries(table).flatMap(([name, entry]) => {
    const path = [...above, name]
    return 'commands' in entry ? commandsOf(entry.commands, path) : [{ path, entry, rest: [] }]
  })
}
