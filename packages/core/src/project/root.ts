import { existsSync } from 'node:fs'
import path from 'node:path'

/**
 * Files that mark the root of a project, the most specific first: a package of a workspace has a `package.json` too,
 * but no lockfile.
 */
const MARKS = [
  ['pnpm-workspace.yaml'],
  ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'bun.lockb'],
  ['package.json'],
]

/**
 * Returns the root of the project around `from`: the nearest folder at or above it that contains a
 * `pnpm-workspace.yaml`, else a lockfile, else a `package.json`; otherwise undefined.
 */
export function findProjectRoot(from: string): string | undefined {
  for (const marks of MARKS) {
    for (let dir = path.resolve(from); ; dir = path.dirname(dir)) {
      if (marks.some((mark) => existsSync(path.join(dir, mark)))) return dir
      if (dir === path.dirname(dir)) break
    }
  }
  return undefined
}
