import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { root } from '../workspace.js'

/**
 * A package of npm that only the matrix needs, fetched once into `node_modules/.cache`. It is nobody's dependency.
 * @param version one, or the newest of a major, such as `22`.
 */
export async function fetchPackage(name: string, version: string): Promise<string> {
  const cache = path.join(root, 'node_modules/.cache/matrix')
  const home = path.join(cache, `${path.posix.basename(name)}-${version}`)
  const folder = path.join(home, 'node_modules', name)
  if (existsSync(folder)) return folder
  const part = path.join(cache, `part-${process.pid}`)
  mkdirSync(part, { recursive: true })
  try {
    // Its scripts may run: PostgreSQL's makes the links that a package cannot hold.
    const args = ['install', '--prefix', part, `${name}@${version}`, '--no-audit', '--no-fund', '--loglevel=error']
    await promisify(execFile)('npm', args, { shell: process.platform === 'win32' })
    rmSync(home, { recursive: true, force: true })
    renameSync(part, home)
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
  return folder
}

export const hasProgram = (name: string, ...args: string[]): boolean => spawnSync(name, args).error === undefined
