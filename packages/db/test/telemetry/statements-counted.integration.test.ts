import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Budget, deploy, type PrivateServer, sql, startPrivateServer } from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DatabaseContext } from '../../src/index.js'
import { observe } from '../../src/telemetry/index.js'
import { RecordingLogger } from '../recording-logger.js'
import { readSamples } from './scrape.js'

const MIGRATIONS = path.resolve(import.meta.dirname, '../../../../prisma/migrations')

let server: PrivateServer
beforeAll(async () => {
  server = await startPrivateServer({
    settings: ['shared_preload_libraries=pg_stat_statements', 'pg_stat_statements.track=top'],
  })
  const names = readdirSync(MIGRATIONS).filter((name) => /^\d{14}_/.test(name))
  const migrations = names.sort().map((name) => ({
    name,
    up: readFileSync(path.join(MIGRATIONS, name, 'migration.sql'), 'utf8'),
  }))
  await deploy(server.url(), migrations)
  await server.run('CREATE EXTENSION pg_stat_statements')
})
afterAll(() => server?.close())

/** The identity in front of a person's statement, tests of a connection and its login, and what this test asks. */
const OWN = /^SET |set_config|^SELECT \$1$|rolsuper|pg_stat_statements/

/** What the server counted, by operation. */
async function countedByServer(): Promise<Record<string, number>> {
  const rows = await sql<{ query: string; calls: string }>(
    server.url(),
    'SELECT query, calls FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())',
  )
  return addedUp(rows.filter(({ query }) => !OWN.test(query)).map(({ query, calls }) => [wordOf(query), Number(calls)]))
}

/** The one WITH of this run selects. */
const wordOf = (query: string): string => (/^\w+/.exec(query)?.[0].toUpperCase() ?? '').replace('WITH', 'SELECT')

function addedUp(parts: readonly (readonly [name: string, count: number])[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const [name, count] of parts) sums[name] = (sums[name] ?? 0) + count
  return Object.fromEntries(Object.entries(sums).sort())
}

const STATEMENTS = { name: 'statements counted', short: 60, longSeconds: 60 }

it('counts what a random run sends as the server does: neither more nor less', {
  timeout: new Budget(STATEMENTS).timeoutMs,
}, async () => {
  using budget = new Budget(STATEMENTS)
  const env = {
    DATABASE_URL: server.url(),
    SERVICE_DATABASE_URL: server.url(),
    DYNAMODB_ENDPOINT: 'http://127.0.0.1:1',
    DB_MAX_CONNECTIONS: '3',
    DB_ALLOW_PRIVILEGED_LOGIN: 'true',
  }
  const logger = new RecordingLogger()
  await using db = await DatabaseContext.fromEnv({ env, logger })
  const service = db.asService()
  const { id: userId } = await service.pg.user.create({ data: { email: 'ada@example.com' } })
  await db.as({ userId }).pg.user.count()
  // Each pool's look at the server, which a busy machine may cut short.
  const looks = () => [...logger.of('postgres.start_checked'), ...logger.of('postgres.start_check_failed')]
  await expect.poll(looks).toHaveLength(2)
  using telemetry = observe(db)
  await sql(server.url(), 'SELECT pg_stat_statements_reset()')

  const work: readonly (() => Promise<unknown>)[] = [
    () => db.as({ userId }).pg.user.findMany(),
    () => db.as({ userId }).pg.user.findUnique({ where: { id: userId } }),
    () => db.as({ userId }).pg.plugin.findMany({ include: { reviews: true } }),
    () => db.as({ userId }).query('SELECT count(*) FROM plugins'),
    () => service.pg.log.create({ data: { level: 'info', message: 'one' } }),
    () => service.pg.log.createMany({ data: [1, 2, 3].map((n) => ({ level: 'info', message: `${n}` })) }),
    () => service.pg.log.updateMany({ where: { message: '1' }, data: { message: '4' } }),
    () => service.pg.log.deleteMany({ where: { message: '2' } }),
    () => service.pg.$transaction([service.pg.user.count(), service.pg.log.count()]),
    () => service.transaction((tx) => tx.log.create({ data: { level: 'warn', message: 'in a transaction' } })),
    () => db.as({ userId }).transaction(async (tx) => [await tx.user.count(), await tx.plugin.count()]),
    () => service.transaction(() => Promise.reject(new Error('no'))).catch(() => {}),
    () =>
      db
        .as({ userId })
        .pg.log.create({ data: { level: 'info', message: 'refused' } })
        .catch(() => {}),
    () => service.query('SELECT 1 FROM nowhere').catch(() => {}),
  ]
  while (budget.next()) {
    const several = Array.from(
      { length: 1 + Math.floor(budget.random() * 4) },
      () => work[Math.floor(budget.random() * work.length)],
    )
    await Promise.all(several.map((one) => one?.()))
  }

  const theirs = await countedByServer()
  const samples = readSamples(await telemetry.prometheus())
  // The server counts what succeeded, and was asked before the scrape, which asks for the last drill of a backup.
  const counted = samples.filter(
    ({ name, labels }) =>
      name === 'db_client_operation_duration_seconds_count' &&
      labels['db_system_name'] === 'postgresql' &&
      labels['db_collection_name'] !== 'backup_drills' &&
      labels['error_type'] === undefined,
  )
  const ours = addedUp(counted.map(({ labels, value }) => [labels['db_operation_name'] ?? '', value]))
  expect(ours).toEqual(theirs)
  expect(Object.keys(ours)).toEqual(
    expect.arrayContaining(['BEGIN', 'COMMIT', 'DELETE', 'INSERT', 'ROLLBACK', 'SELECT', 'UPDATE']),
  )
})
