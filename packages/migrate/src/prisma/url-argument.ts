import { prismaCommand } from './needs-database.js'

/** Commands that use `--url` for the database of a project to be created, not for one to work on. */
const MAKES_PROJECT = 'init'

/**
 * Moves the URL of `--url` from a command's arguments, which every user of the machine can read, to
 * DIRECT_DATABASE_URL, which `prismaConfig` reads first.
 */
export function takeUrl(args: readonly string[]): {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
} {
  const end = args.includes('--') ? args.indexOf('--') : args.length
  const at = args.findIndex((arg, index) => index < end && (arg === '--url' || arg.startsWith('--url=')))
  if (at === -1 || prismaCommand(args) === MAKES_PROJECT) return { args, env: {} }
  const apart = args[at] === '--url'
  const url = apart ? args[at + 1] : args[at]?.slice('--url='.length)
  if (!url || (apart && at + 1 >= end)) return { args, env: {} }
  return { args: args.toSpliced(at, apart ? 2 : 1), env: { DIRECT_DATABASE_URL: url } }
}
