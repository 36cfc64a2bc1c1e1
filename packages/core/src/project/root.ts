import { existsSync } from 'node:fs'
import path from 'node:path'

/**
 * What the root of a project holds, the most telling first: a package of a workspace has a `package.json` too, and no
 * lockfile.
 */
const MARKS = [
  ['pnpm-workspace.yaml'],
  ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'bun.lockb'],
  ['package.json'],
]

/**
 * The root of the project around `from`: the nearest folder at or above it that holds a `pnpm-workspace.yaml`, else a
 * lockfile, else a `package.json`; else undefined.
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
