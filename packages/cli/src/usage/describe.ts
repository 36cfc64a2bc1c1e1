import type { Command } from './command.js'
import { exitCodesOf, optionsOf, usageOf } from './help.js'
import { labelOf } from './parse.js'
import { type CommandTable, commandsOf } from './table.js'

/** The help text of a command as JSON. */
export interface CommandDescription {
  /** Without `miyabi`: `tables apply`. */
  readonly name: string
  readonly summary: string
  readonly details?: string
  readonly usage: string
  readonly arguments: readonly Described[]
  readonly options: readonly Described[]
  readonly examples: readonly { readonly line: string; readonly purpose: string }[]
  readonly exitCodes: readonly Described[]
  /** A page of the repository. */
  readonly more?: string
}

interface Described {
  readonly name: string
  readonly description: string
}

/** Describes one command. */
export function describeCommand(name: string, summary: string, command: Command): CommandDescription {
  const { details, examples, more } = command
  const isOwn = command.kind === 'own'
  return {
    name,
    summary: `${summary}.`,
    ...(details !== undefined && { details }),
    usage: usageOf(name, command),
    arguments: isOwn
      ? Object.entries(command.arguments).map(([own, { description }]) => ({ name: labelOf(own), description }))
      : [],
    options: isOwn ? described(optionsOf(command)) : [],
    examples: examples.map(([line, purpose]) => ({ line, purpose })),
    exitCodes: described(exitCodesOf(command)),
    ...(more !== undefined && { more }),
  }
}

/** Describes every command of a table; `above` are the names that lead to it. */
export const describeTable = (
  table: CommandTable,
  above: readonly string[] = [],
): Promise<readonly CommandDescription[]> =>
  Promise.all(
    commandsOf(table, above).map(async ({ path, entry }) =>
      describeCommand(path.join(' '), entry.summary, await entry.load()),
    ),
  )

const described = (pairs: readonly (readonly [string, string])[]): readonly Described[] =>
  pairs.map(([name, description]) => ({ name, description }))
