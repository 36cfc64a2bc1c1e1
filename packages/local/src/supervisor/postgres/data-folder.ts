import { existsSync, readFileSync, statfsSync } from 'node:fs'
import path from 'node:path'
import { diskFullFailure, Failure } from '../../shared/failure.js'
import { writePrivateFile } from '../../shared/files.js'
import { copyTree } from '../copy-tree.js'
import type { RunAs } from '../run-as.js'
import { runProgram } from '../spawn.js'
import type { PostgresBinaries } from './binaries.js'
import { preparedFolder, writeAccess } from './prepared-folder.js'
import {
  amcheck,
  type Credentials,
  DATABASE,
  MAINTENANCE_DATABASE,
  memberships,
  newCredentials,
  passwords,
  replicaPassword,
  replication,
  statistics,
} from './roles.js'
import { runSingleUser } from './single-user.js'
import { takeSpare } from './spare.js'

/** The size of a new data folder, with room for the first writes. */
const FRESH_BYTES = 96 * 1024 * 1024

export interface DataFolder {
  readonly path: string
  readonly credentials: Credentials
  /**
   * The prepared folder that new data was copied from. Unset if there was none: a machine used for a single run does
   * not need a spare.
   */
  readonly prepared?: string | undefined
}

export interface DataFolderOptions {
  /** The stack's data folder; PostgreSQL's is `postgres` in it. */
  readonly dataDir: string
  readonly cache: string
  readonly binaries: PostgresBinaries
  readonly runAs: RunAs | undefined
  /** Whether the data must survive a power failure. */
  readonly durable: boolean
  /** Whether the migrator may run amcheck in a database created now. */
  readonly amcheck: boolean
}

/**
 * The contents of `credentials.json`. Older data has no password for the service's login, or passwords shared by all
 * stacks of one user, or no statistics, or no login for standbys.
 */
interface StoredCredentials extends Partial<Credentials> {
  /** Whether these passwords are unique to this stack. */
  readonly own?: true
  /** Whether the server's statement statistics can be read. */
  readonly statistics?: true
}

/** A file that every data folder has from the start. An interrupted removal may delete it like any other file. */
const VERSION_FILE = 'PG_VERSION'

/** Whether a stack's data contains PostgreSQL's, judging by one file. */
export function hasPostgresData(dataDir: string): boolean {
  return existsSync(path.join(dataDir, 'postgres', VERSION_FILE))
}

function checkWhole(folder: string): void {
  if (existsSync(path.join(folder, VERSION_FILE))) return
  throw new Failure(
    'local.postgres.data_incomplete',
    `${folder} is not a complete data folder: its ${VERSION_FILE} is missing, as after an interrupted removal; ` +
      'nothing was changed',
    { folder },
    'to start with a new one, remove it; to keep what is left, move it away',
  )
}

function checkVersion(folder: string, binaries: PostgresBinaries): void {
  const found = readFileSync(path.join(folder, VERSION_FILE), 'utf8').trim()
  if (found === binaries.major) return
  throw new Failure(
    'local.postgres.data_version',
    `The data in ${folder} was written by PostgreSQL ${found}; the embedded server is PostgreSQL ${binaries.version}, which cannot ` +
      'read it; nothing was changed',
    { folder, expected: binaries.major, found },
    `to keep the data, dump it with a PostgreSQL ${found} server (pg_dumpall) and load it into a new folder; otherwise ` +
      'delete or move that folder away',
  )
}

function checkSpace(dataDir: string): void {
  const { bavail, bsize } = statfsSync(dataDir)
  const freeBytes = bavail * bsize
  if (freeBytes >= FRESH_BYTES) return
  const mb = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024)} MB`
  throw diskFullFailure(dataDir, `${mb(freeBytes)} free, ${mb(FRESH_BYTES)} needed to start`)
}

/** Flushes a whole data folder, because later commits must not become durable before it. */
async function flushToDisk(folder: string, binaries: PostgresBinaries, runAs: RunAs | undefined): Promise<void> {
  // Linux flushes the whole file system in one call, which is much faster than a thousand files one by one.
  const method = process.platform === 'linux' ? ['--sync-method=syncfs'] : []
  const { code, output } = await runProgram(binaries.initdb, ['--sync-only', ...method, '-D', folder], {
    cwd: folder,
    runAs,
  })
  if (code !== 0)
    throw new Failure('local.postgres.start_failed', `${folder} cannot be flushed to the disk.`, {
      folder,
      log: output,
    })
}

/** Returns this stack's PostgreSQL data folder: the existing one, checked, or a new one. */
export async function openDataFolder(options: DataFolderOptions): Promise<DataFolder> {
  const { dataDir, binaries, runAs, durable } = options
  const folder = path.join(dataDir, 'postgres')
  const credentialsFile = path.join(dataDir, 'credentials.json')
  if (!existsSync(folder)) return begin(folder, credentialsFile, options)
  checkWhole(folder)
  checkVersion(folder, binaries)
  if (!existsSync(credentialsFile)) {
    throw new Failure(
      'local.postgres.credentials_missing',
      `${credentialsFile} is missing, and with it the passwords of the data in ${folder}; nothing was changed`,
      { folder },
      'restore it, or delete or move that data folder away to start with a new one',
    )
  }
  const { own, statistics: has, ...stored } = JSON.parse(readFileSync(credentialsFile, 'utf8')) as StoredCredentials
  if (own && has && stored.replica !== undefined) return { path: folder, credentials: stored as Credentials }
  const credentials: Credentials = { ...newCredentials(), ...(own && stored) }
  // First the data, then the file: after a crash in between the old file remains, and everything is repeated.
  const login = [...replication, replicaPassword(credentials.replica)]
  const others = own ? [] : [...memberships, ...passwords(credentials)]
  await runSingleUser(binaries, folder, [...login, ...others], { runAs, durable })
  if (!(own && has))
    await runSingleUser(binaries, folder, statistics, { runAs, durable, database: MAINTENANCE_DATABASE })
  writeAccess(folder)
  writeCredentials(credentialsFile, credentials)
  return { path: folder, credentials }
}

/** A new data folder: the spare, or a copy of the prepared one. */
async function begin(
  folder: string,
  credentialsFile: string,
  { dataDir, cache, binaries, runAs, durable, amcheck: hasAmcheck }: DataFolderOptions,
): Promise<DataFolder> {
  checkSpace(dataDir)
  const { data: prepared, isNew } = await preparedFolder(cache, binaries, runAs)
  let credentials = newCredentials()
  const finish = async (copy: string): Promise<void> => {
    // First the passwords, then the data they belong to: after a crash in between there is no data folder, and
    // everything is repeated.
    writeCredentials(credentialsFile, credentials)
    if (hasAmcheck) await runSingleUser(binaries, copy, amcheck, { runAs, durable: false, database: DATABASE })
    if (durable) await flushToDisk(copy, binaries, runAs)
  }
  const isTaken = await takeSpare(prepared, folder, async (spare, itsCredentials) => {
    credentials = itsCredentials
    await finish(spare)
  })
  if (!isTaken) {
    await copyTree(prepared, folder, {
      owner: runAs,
      folderMode: 0o700,
      finish: async (copy) => {
        // 30 ms. The flush that follows makes it as durable as the rest of the copy.
        await runSingleUser(binaries, copy, passwords(credentials), { runAs, durable: false })
        await finish(copy)
      },
    })
  }
  return { path: folder, credentials, prepared: isNew ? undefined : prepared }
}

function writeCredentials(file: string, credentials: Credentials): void {
  const stored: StoredCredentials = { ...credentials, own: true, statistics: true }
  writePrivateFile(file, JSON.stringify(stored))
}
