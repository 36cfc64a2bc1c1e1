import { miyabi } from './command-table.js'
import type { Command } from './usage/command.js'
import { UsageError } from './usage/faults.js'
import { missingCommand, type Resolved, resolve } from './usage/table.js'

/** The request of a command line. */
export type CommandLine =
  | { readonly kind: 'version' }
  /** Help for a command, a group, or everything. */
  | { readonly kind: 'help'; readonly topic: Resolved }
  /** No command. */
  | { readonly kind: 'empty'; readonly topic: Resolved }
  | {
      readonly kind: 'run'
      readonly name: string
      readonly command: Command
      readonly args: readonly string[]
    }

/**
 * Reads a command line, the arguments after `miyabi`.
 * @throws {UsageError} listing every fault.
 */
export async function readCommandLine(args: readonly string[]): Promise<CommandLine> {
  const [first] = args
  if (first === '--version' || first === '-v') return { kind: 'version' }
  if (first === 'help') return { kind: 'help', topic: resolve(miyabi, args.slice(1)) }
  const topic = resolve(miyabi, args)
  const { path, entry, rest } = topic
  const isHelp = hasOption(rest, '--help') || hasOption(rest, '-h')
  if ('commands' in entry) {
    if (isHelp) return { kind: 'help', topic }
    if (args.length === 0) return { kind: 'empty', topic }
    throw new UsageError(path.join(' '), [missingCommand({ ...topic, entry })])
  }
  const command = await entry.load()
  const name = path.join(' ')
  if (command.kind === 'own') {
    if (isHelp) return { kind: 'help', topic }
    const faults = command.faultsOf(rest)
    if (faults.length > 0) throw new UsageError(name, faults)
  }
  return { kind: 'run', name, command, args: rest }
}

/** Whether an option is among the arguments; arguments after `--` are not options. */
export function hasOption(args: readonly string[], option: string): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? undefined : end).includes(option)
}
