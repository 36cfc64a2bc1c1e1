import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { findProjectRoot } from './root.js'

/** A command as written in the sources and docs: `pnpm db:tables apply`, `pnpm --silent db:doctor`, `pnpm prisma`. */
const COMMAND = /\bpnpm (?:--silent )?(?:db:([a-z]+)|prisma)\b/g
/** Code in a text that begins with the command itself: `miyabi tables apply`, `DB_INSTANCES=8 npx miyabi pool`. */
const CODE = /`((?:[A-Z][A-Z0-9_]*=[^\s`]* +)*)(?:npx )?miyabi ([^\s`]+)([^`\n]*)`/g
/** A command that adds a package to this workspace, from any of its folders. */
const ADDITION = /\bpnpm add --save-dev --workspace-root\b/g

/**
 * Rewrites the commands in a text to the form that works in the current folder: `pnpm db:up` at the root of this
 * workspace, `pnpm -w db:up` in its subfolders, and `npx miyabi up` everywhere else, where packages are added with the
 * project's own package manager. A text names a command as the script of the workspace, or between backticks as
 * `miyabi up`.
 */
export function asTyped(text: string, cwd: string = process.cwd()): string {
  if (!text.includes('pnpm ') && !text.includes('miyabi ')) return text
  return text
    .replaceAll(ADDITION, (whole) => (placeOf(cwd).name === 'elsewhere' ? additionIn(findProjectRoot(cwd)) : whole))
    .replaceAll(COMMAND, (whole, name: string | undefined) => {
      const place = placeOf(cwd)
      if (place.name === 'root') return whole
      if (place.name === 'workspace') return whole.replace('pnpm ', 'pnpm -w ')
      return `npx miyabi ${name ?? 'prisma'}`
    })
    .replaceAll(CODE, (_, variables: string, name: string, rest: string) => {
      return `\`${variables}${commandIn(placeOf(cwd), name, isForProgram(rest))}${rest}\``
    })
}

/** pnpm prints a line about the script in front of its output, unless it is silent. */
const isForProgram = (rest: string): boolean => / --json\b| [|>] /.test(rest)

function commandIn({ name: place, scripts }: Place, command: string, isSilent: boolean): string {
  if (place === 'elsewhere') return `npx miyabi ${command}`
  const pnpm = `pnpm${place === 'root' ? '' : ' -w'}`
  const script = command === 'prisma' ? command : `db:${command}`
  if (!scripts.has(script)) return `${pnpm} exec miyabi ${command}`
  return `${pnpm}${isSilent ? ' --silent' : ''} ${script}`
}

function additionIn(root: string = ''): string {
  const has = (file: string): boolean => existsSync(path.join(root, file))
  if (has('pnpm-workspace.yaml')) return 'pnpm add --save-dev --workspace-root'
  if (has('pnpm-lock.yaml')) return 'pnpm add --save-dev'
  if (has('yarn.lock')) return 'yarn add --dev'
  return has('bun.lock') ? 'bun add --dev' : 'npm install --save-dev'
}

interface Place {
  readonly name: 'root' | 'workspace' | 'elsewhere'
  /** Of the workspace's root. */
  readonly scripts: ReadonlySet<string>
}

const places = new Map<string, Place>()

function placeOf(cwd: string): Place {
  const known = places.get(cwd)
  if (known) return known
  const root = findProjectRoot(cwd)
  const scripts = new Set(root === undefined ? [] : scriptsOf(root))
  const isOurs = scripts.has('db:up')
  const place = { name: !isOurs ? 'elsewhere' : root === path.resolve(cwd) ? 'root' : 'workspace', scripts } as const
  places.set(cwd, place)
  return place
}

/** The names of a project's scripts. */
function scriptsOf(root: string): readonly string[] {
  try {
    const { scripts = {} } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts?: object }
    return Object.keys(scripts)
  } catch {
    return []
  }
}
