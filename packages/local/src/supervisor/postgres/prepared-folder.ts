import { appendFileSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { makeFolder } from '../../shared/files.js'
import { constructionFolder, moveIntoPlace, removeTree } from '../copy-tree.js'
import type { RunAs } from '../run-as.js'
import type { PostgresBinaries } from './binaries.js'
import { loginsAndDatabase, MAINTENANCE_DATABASE, memberships, REPLICA, replication, statistics } from './roles.js'
import { runPostgresProgram, runSingleUser } from './single-user.js'

/** Changes whenever the prepared content changes: existing folders keep their layout, new ones get the new one. */
const LAYOUT = 6

/**
 * A server starts and ends faster with less shared memory and without processes for reading ahead: its files are in the
 * system's cache.
 */
const CONFIGURATION = `
# Miyabi DB
shared_buffers = 32MB
io_method = sync
timezone = 'UTC'
log_timezone = 'UTC'
max_connections = 200
max_wal_size = 1GB
log_checkpoints = off
`

/**
 * Only TCP on loopback, only with a password. The superuser has none, so it cannot log in at all; the standbys' login
 * may replicate the server, but access no database.
 */
const ACCESS = `host replication ${REPLICA} 127.0.0.1/32 scram-sha-256
host all ${REPLICA} 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
`

/** Sets who may log in. */
export function writeAccess(data: string): void {
  writeFileSync(path.join(data, 'pg_hba.conf'), ACCESS)
}

async function build(folder: string, binaries: PostgresBinaries, runAs: RunAs | undefined): Promise<void> {
  const data = path.join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  if (runAs) chownSync(data, runAs.uid, runAs.gid)
  const initdb = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '--encoding=UTF8',
    // PostgreSQL's own C.UTF-8: the same collation on Linux, macOS and Windows, whatever the system library.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    // The copies are flushed, this one is not; small WAL segments make copying fast.
    '--no-sync',
    '--no-instructions',
    '--wal-segsize=4',
  ]
  await runPostgresProgram(binaries.initdb, initdb, { folder, runAs })
  appendFileSync(path.join(data, 'postgresql.conf'), CONFIGURATION)
  writeAccess(data)
  await runSingleUser(binaries, data, [...loginsAndDatabase, ...memberships, ...replication], { runAs, durable: false })
  await runSingleUser(binaries, data, statistics, { runAs, durable: false, database: MAINTENANCE_DATABASE })
}

/**
 * A PostgreSQL data folder, cleanly shut down, that is copied for every new stack of this user and PostgreSQL version:
 * created once, in 0.7 s. It contains no password, because copies would have the same one in every stack.
 */
export async function preparedFolder(
  cache: string,
  binaries: PostgresBinaries,
  runAs: RunAs | undefined,
): Promise<{ readonly data: string; readonly isNew: boolean }> {
  const owner = runAs ? `-u${runAs.uid}` : ''
  const folder = path.join(
    cache,
    `postgres-${binaries.version}-layout${LAYOUT}-${process.platform}-${process.arch}${owner}`,
  )
  const isNew = !existsSync(folder)
  if (isNew) {
    const building = await constructionFolder(folder)
    try {
      makeFolder(building, 0o711)
      await build(building, binaries, runAs)
      await moveIntoPlace(building, folder)
    } catch (error) {
      await removeTree(building)
      throw error
    }
  }
  return { data: path.join(folder, 'data'), isNew }
}
