import { commandFaults } from '@miyabi/cli'
import { packageFolders, readManifest } from '../workspace.js'

/** What pnpm does without a script. */
const OWN = new Set(['add', 'exec', 'install', 'pack', 'store'])

/** The commands of Prisma's own command line. */
const PRISMA = new Set([
  ...['init', 'generate', 'format', 'validate', 'version', 'studio', 'dev', 'debug', '--help', '--version'],
  ...['pull', 'push', 'seed', 'execute'].map((action) => `db ${action}`),
  ...['dev', 'reset', 'deploy', 'status', 'resolve', 'diff'].map((action) => `migrate ${action}`),
])

const COMMAND = /(?<![\w@/.:-])(?:pnpm(?:@[\d.]+)?|(?:npx )?miyabi(?= +[a-z-]))(?: +[^\s`"';|&#()>,]+)+/g

/**
 * Each command line of pnpm or of `miyabi` in a text. A quotation mark, a pipe or a comment ends it, as a colon does,
 * and a placeholder such as `<command>` or `[options]`.
 */
export const commandLinesIn = (text: string): readonly string[] =>
  [...text.matchAll(COMMAND)].map(([line]) =>
    line
      .replace(/:<.*/s, ':*')
      .replace(/:\s.*| [<[].*|[.:]+$/s, '')
      .trim(),
  )

/**
 * How strict the check is: a `reference` names a command, maybe without its arguments; a `hint` must run as it stands.
 */
export type Strictness = 'reference' | 'hint'

/** What is wrong with a command line; undefined if it works at the root of the workspace. */
export async function problemOf(line: string, strictness: Strictness): Promise<string | undefined> {
  const [program = '', ...words] = line.trim().split(/ +/)
  if (program === 'npx') return problemOf(words.join(' '), strictness)
  if (program === 'miyabi') return problemOfMiyabi(words, strictness)
  const { scripts = {}, packageManager } = readManifest('.')
  if (program !== 'pnpm' && program !== packageManager) return `not ${packageManager}`
  let known: Readonly<Record<string, string>> = scripts
  while (words[0]?.startsWith('-')) {
    if (words.shift() !== '--filter') continue
    const name = words.shift() ?? ''
    const folder = packageFolders().get(name)
    if (folder === undefined) return `there is no package ${name}`
    known = readManifest(folder).scripts ?? {}
  }
  const [script = '', ...rest] = words
  if (script === 'exec' && rest[0] === 'miyabi') return problemOfMiyabi(rest.slice(1), strictness)
  if (script === '' || OWN.has(script)) return undefined
  // `pnpm db:*` stands for all of them.
  if (script.endsWith(':*') && Object.keys(known).some((name) => name.startsWith(script.slice(0, -1)))) return undefined
  if (!Object.hasOwn(known, script)) return `there is no script ${script}`
  const [, args] = /(?:^|&& )miyabi (.+)$/.exec(known[script] ?? '') ?? []
  return args === undefined ? undefined : problemOfMiyabi([...args.split(' '), ...rest], strictness)
}

async function problemOfMiyabi(args: readonly string[], strictness: Strictness): Promise<string | undefined> {
  if (args[0] === 'prisma') return problemOfPrisma(args.slice(1))
  // A placeholder stands for any value.
  const faults = (await commandFaults(args.filter((arg) => arg !== '...'))).filter(
    ({ kind }) => kind !== 'invalid_value' && (strictness === 'hint' || !kind.startsWith('missing_')),
  )
  return faults.length > 0 ? faults.map(({ problem }) => problem).join('; ') : undefined
}

function problemOfPrisma(args: readonly string[]): string | undefined {
  const [first = '', second = ''] = args
  // Alone it prints its help; X stands for any command.
  if (first === '' || first === 'X' || PRISMA.has(first) || PRISMA.has(`${first} ${second}`)) return
  return `Prisma has no command ${[first, second].join(' ').trim()}`
}
