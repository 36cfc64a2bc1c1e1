import { randomBytes } from 'node:crypto'
import { appendFileSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { diskFullFailure, Failure } from '../../shared/failure.js'
import { makeFolder } from '../../shared/files.js'
import { constructionFolder, moveIntoPlace, removeTree } from '../copy-tree.js'
import type { RunAs } from '../run-as.js'
import { runProgram } from '../spawn.js'
import type { PostgresBinaries } from './binaries.js'

/** Changes whenever what is prepared changes: folders of another layout stay as they are, new ones get the new one. */
const LAYOUT = 1

export const DATABASE = 'miyabi'
export const MIGRATOR = 'miyabi_migrator'
export const APPLICATION = 'miyabi_app'

/** Passwords of the two logins; kept beside the data in `credentials.json`. */
export interface Credentials {
  readonly migrator: string
  readonly application: string
}

const CONFIGURATION = `
# Miyabi DB
timezone = 'UTC'
log_timezone = 'UTC'
max_connections = 200
max_wal_size = 1GB
log_checkpoints = off
`

/** Only TCP on loopback, only with a password. The superuser has none, so it cannot log in at all. */
const ACCESS = `host all all 127.0.0.1/32 scram-sha-256\n`

/**
 * Roles and the database. The default privileges are set in template1 before the database is made from it, so that every
 * database that the migrator creates later has them too, and schema \`public\` keeps them when \`migrate reset\` makes it anew.
 */
const rolesAndDatabase = ({ migrator, application }: Credentials): string =>
  [
    `CREATE ROLE ${MIGRATOR} LOGIN CREATEDB PASSWORD '${migrator}'`,
    `CREATE ROLE ${APPLICATION} LOGIN PASSWORD '${application}'`,
    `GRANT pg_signal_backend TO ${MIGRATOR}`,
    ...['SELECT, INSERT, UPDATE, DELETE ON TABLES', 'USAGE, SELECT ON SEQUENCES', 'USAGE ON SCHEMAS'].map(
      (grant) => `ALTER DEFAULT PRIVILEGES FOR ROLE ${MIGRATOR} GRANT ${grant} TO ${APPLICATION}`,
    ),
    `CREATE DATABASE ${DATABASE} OWNER ${MIGRATOR}`,
    '',
  ].join(';\n')

export interface PreparedFolder {
  /** A PostgreSQL data folder, cleanly shut down, to be copied. */
  readonly data: string
  /** A `Credentials` file. */
  readonly credentials: string
}

function unknownUserFailure(): Failure {
  return new Failure(
    'local.user.unknown',
    `PostgreSQL's initdb wants to know who runs it, and this system has no user with the id ${process.getuid?.()}. Add one to ` +
      '/etc/passwd, or run the container as a user that it knows.',
  )
}

async function build(folder: string, binaries: PostgresBinaries, runAs: RunAs | undefined): Promise<void> {
  const data = path.join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  if (runAs) chownSync(data, runAs.uid, runAs.gid)
  const run = async (program: string, args: readonly string[], input?: string): Promise<void> => {
    const { code, output } = await runProgram(program, args, {
      cwd: '/',
      runAs,
      ...(input === undefined ? {} : { input }),
    })
    if (code === 0) return
    if (output.includes('No space left on device')) throw diskFullFailure(folder)
    if (output.includes('could not look up effective user ID')) throw unknownUserFailure()
    const name = path.basename(program)
    throw new Failure(
      'local.postgres.start_failed',
      `${name} ended with code ${code} while a data folder was prepared.`,
      {
        folder,
        log: output,
      },
    )
  }
  await run(binaries.initdb, [
    ...['-D', data, '-U', 'postgres', '-A', 'trust', '--encoding=UTF8'],
    // PostgreSQL's own C.UTF-8: the same order on Linux, macOS and Windows, whatever the system's library has.
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
    // The copies are flushed, this is not; small WAL segments make them quick.
    ...['--no-sync', '--no-instructions', '--wal-segsize=4'],
  ])
  appendFileSync(path.join(data, 'postgresql.conf'), CONFIGURATION)
  writeFileSync(path.join(data, 'pg_hba.conf'), ACCESS)
  const credentials: Credentials = {
    migrator: randomBytes(18).toString('base64url'),
    application: randomBytes(18).toString('base64url'),
  }
  const single = ['--single', '-j', '-D', data, '-c', 'exit_on_error=on', '-c', 'fsync=off', 'template1']
  // With -j a statement ends at a semicolon followed by an empty line.
  await run(binaries.postgres, single, rolesAndDatabase(credentials).replaceAll(';\n', ';\n\n'))
  writeFileSync(path.join(folder, 'credentials.json'), JSON.stringify(credentials), { mode: 0o600 })
}

/** The prepared folder of this user and PostgreSQL version: made once (0.7 s), then copied for every fresh stack. */
export async function preparedFolder(
  cache: string,
  binaries: PostgresBinaries,
  runAs: RunAs | undefined,
): Promise<PreparedFolder> {
  const owner = runAs ? `-u${runAs.uid}` : ''
  const folder = path.join(
    cache,
    `postgres-${binaries.version}-layout${LAYOUT}-${process.platform}-${process.arch}${owner}`,
  )
  if (!existsSync(folder)) {
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
  return { data: path.join(folder, 'data'), credentials: path.join(folder, 'credentials.json') }
}
