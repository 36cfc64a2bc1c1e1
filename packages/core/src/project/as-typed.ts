import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { findProjectRoot } from './root.js'

/** A command as written in the sources and docs: `pnpm db:tables apply`, `pnpm --silent db:doctor`, `pnpm prisma`. */
const COMMAND = /\bpnpm (?:--silent )?(?:db:([a-z]+)|prisma)\b/g
/** A command that adds a package to this workspace, from any of its folders. */
const ADDITION = /\bpnpm add --save-dev --workspace-root\b/g

/**
 * Rewrites the commands in a text to the form that works in the current folder: `pnpm db:up` at the root of this
 * workspace, `pnpm -w db:up` in its subfolders, and `npx miyabi up` everywhere else, where packages are added with the
 * project's own package manager.
 */
export function asTyped(text: string, cwd: string = process.cwd()): string {
  if (!text.includes('pnpm ')) return text
  return text
    .replaceAll(ADDITION, (whole) => (placeOf(cwd) === 'elsewhere' ? additionIn(findProjectRoot(cwd)) : whole))
    .replaceAll(COMMAND, (whole, name: string | undefined) => {
      const place = placeOf(cwd)
      if (place === 'root') return whole
      if (place === 'workspace') return whole.replace('pnpm ', 'pnpm -w ')
      return `npx miyabi ${name ?? 'prisma'}`
    })
}

function additionIn(root: string = ''): string {
  const has = (file: string): boolean => existsSync(path.join(root, file))
  if (has('pnpm-workspace.yaml')) return 'pnpm add --save-dev --workspace-root'
  if (has('pnpm-lock.yaml')) return 'pnpm add --save-dev'
  if (has('yarn.lock')) return 'yarn add --dev'
  return has('bun.lock') ? 'bun add --dev' : 'npm install --save-dev'
}

type Place = 'root' | 'workspace' | 'elsewhere'

const places = new Map<string, Place>()

function placeOf(cwd: string): Place {
  const known = places.get(cwd)
  if (known) return known
  const root = findProjectRoot(cwd)
  const place =
    root === undefined || !hasAliases(root) ? 'elsewhere' : root === path.resolve(cwd) ? 'root' : 'workspace'
  places.set(cwd, place)
  return place
}

/** Whether the scripts of a project define the aliases. */
function hasAliases(root: string): boolean {
  try {
    const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts?: object }
    return scripts !== undefined && 'db:up' in scripts
  } catch {
    return false
  }
}
