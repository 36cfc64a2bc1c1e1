import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { acquireStack, type Stack } from '@miyabi/local'
import pg from 'pg'
import type { Contender, Workload } from '../../harness/workload.js'
import type { Servers } from '../../servers/servers.js'

/** The embedded servers: from the call until both are healthy. */
export function stackWorkloads(folder: string): Workload[] {
  return [
    {
      name: 'embedded stack',
      about:
        'From `acquireStack()` until PostgreSQL and DynamoDB are healthy: a new temporary stack (cold, with the spare data copy that the previous stack left), and one that was stopped before (warm). Includes the supervising process.',
      concurrency: [1],
      single: true,
      contenders: [
        stackContender('cold', () => acquireStack({ temporary: true })),
        stackContender('warm', () => acquireStack({ folder })),
      ],
    },
  ]
}

function stackContender(name: string, acquire: () => Promise<Stack>): Contender {
  const started: Stack[] = []
  return {
    name,
    run: async () => void started.push(await acquire()),
    after: async () => void (await Promise.all(started.splice(0).map((stack) => stack.close()))),
  }
}

/** A folder for the stack that is started again and again; removed in the end. */
export async function warmFolder(): Promise<{ readonly folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(tmpdir(), 'miyabi-bench-'))
  await chmod(folder, 0o711) // as root the servers run as another user: one that may not enter sends the data to the cache
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

/** One more database for a test, on a server that runs: a copy of the migrated one. */
export function databaseWorkload(admin: pg.Client, { directDatabaseUrl }: Servers): Workload {
  const template = decodeURIComponent(new URL(directDatabaseUrl).pathname.slice(1))
  const name = pg.escapeIdentifier(`${template}_copy`)
  const copy = async (from: string, strategy = 'file_copy'): Promise<void> => {
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${pg.escapeIdentifier(from)} STRATEGY ${strategy}`)
  }
  const after = async (): Promise<void> => void (await admin.query(`DROP DATABASE IF EXISTS ${name}`))
  return {
    name: 'test database',
    about:
      'Another database on a running server: `CREATE DATABASE` from the migrated database with 18 tables and 15,700 rows, by copying its files, as the tests do, and through the log, which is the default; and an empty database.',
    concurrency: [1],
    single: true,
    contenders: [
      { name: 'migrated', run: () => copy(template), after },
      { name: 'migrated, through the log', run: () => copy(template, 'wal_log'), after },
      { name: 'empty', run: () => copy('template1'), after },
    ],
  }
}
