import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkHealth } from '../src/index.js'
import { migrations } from '../src/schema/migrations.generated.js'
import { failureOf, usePoolBench } from './support.js'

const bench = usePoolBench({ empty: false })
const folder = path.resolve(import.meta.dirname, '../../../prisma/migrations')
const [first, second] = migrations.map(({ name }) => name)

describe('the migrations that are built in', () => {
  it('are those of the folder, with their checksums', () => {
    const scripts = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const names = scripts.map(({ name }) => name).sort()
    expect(migrations.map(({ name }) => name)).toEqual(names)
    for (const { name, checksum } of migrations) {
      const script = readFileSync(path.join(folder, name, 'migration.sql'))
      expect(createHash('sha256').update(script).digest('hex')).toBe(checksum)
    }
  })

  it('are those that Prisma noted when it applied them', async () => {
    const rows = await bench.admin(
      'SELECT migration_name AS name, checksum FROM _prisma_migrations ORDER BY started_at',
    )
    expect(rows).toEqual(migrations)
    expect(await checkHealth(bench.settings())).not.toHaveProperty('migrations')
  })
})

describe('health, where the history differs', () => {
  beforeEach(async () => {
    await bench.admin('DROP TABLE IF EXISTS history')
    await bench.admin('CREATE TEMPORARY TABLE history AS SELECT * FROM _prisma_migrations')
    return async () => {
      await bench.admin('DELETE FROM _prisma_migrations')
      await bench.admin('INSERT INTO _prisma_migrations SELECT * FROM history')
    }
  })

  it.each([
    ['pending', `DELETE FROM _prisma_migrations WHERE migration_name = '${second}'`, second, 'down', false],
    [
      'failed',
      `UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '${second}'`,
      second,
      'down',
      false,
    ],
    [
      'edited',
      `UPDATE _prisma_migrations SET checksum = 'x' WHERE migration_name = '${first}'`,
      first,
      'degraded',
      true,
    ],
    [
      'unknown',
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('z', 'z', '99990101000000_later', now())`,
      '99990101000000_later',
      'degraded',
      true,
    ],
  ])('names what is %s', async (state, sql, name, status, ready) => {
    await bench.admin(sql)
    expect(await checkHealth(bench.settings())).toMatchObject({
      status,
      ready,
      problem: `postgres.migrations.${state}`,
      reason: expect.stringContaining(name ?? '?'),
      remedy: expect.any(String),
      migrations: { pending: [], failed: [], edited: [], unknown: [], [state]: [name] },
    })
  })

  it('is ready while a migration runs that this code does not know: a deployment is under way', async () => {
    await bench.admin(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('z', 'z', '99990101000000_later')`,
    )
    expect(await checkHealth(bench.settings())).toMatchObject({ ready: true, problem: 'postgres.migrations.unknown' })
  })
})

describe("the application's login", () => {
  let app: pg.Client
  beforeAll(async () => {
    app = new pg.Client(bench.settings().databaseUrl)
    await app.connect()
  })
  afterAll(() => app.end())

  it('reads the history, but not the logs of failures, which may hold values', async () => {
    const { rows } = await app.query('SELECT migration_name FROM _prisma_migrations')
    expect(rows).toHaveLength(migrations.length)
    expect(await failureOf(app.query('SELECT logs FROM _prisma_migrations'))).toMatchObject({ code: '42501' })
  })

  it.each([
    `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('z', 'z', 'z')`,
    `UPDATE _prisma_migrations SET checksum = 'z'`,
    'DELETE FROM _prisma_migrations',
    'TRUNCATE _prisma_migrations',
    'DROP TABLE _prisma_migrations',
  ])('changes nothing of it: %s', async (sql) => {
    expect(await failureOf(app.query(sql))).toMatchObject({ code: '42501' })
  })

  it('that may not even read it gets a word about that, and goes on', async () => {
    await bench.admin('REVOKE ALL ON _prisma_migrations FROM PUBLIC')
    expect(await checkHealth(bench.settings())).toMatchObject({
      status: 'degraded',
      ready: true,
      problem: 'postgres.migrations.unreadable',
    })
    const [migration = ''] = migrations.filter(({ name }) => name.endsWith('_history_grants')).map(({ name }) => name)
    await bench.admin(readFileSync(path.join(folder, migration, 'migration.sql'), 'utf8'))
    expect(await checkHealth(bench.settings())).toMatchObject({ status: 'up' })
  })
})

describe('the migration that grants it', () => {
  const empty = usePoolBench({ empty: true })
  const script = readFileSync(
    path.join(folder, readdirSync(folder).find((name) => name.endsWith('_history_grants')) ?? '', 'migration.sql'),
    'utf8',
  )

  it('does nothing where there is no history: a shadow database, a script run by hand', async () => {
    await empty.admin(script)
    expect(await empty.admin(`SELECT to_regclass('_prisma_migrations') AS history`)).toEqual([{ history: null }])
  })
})
