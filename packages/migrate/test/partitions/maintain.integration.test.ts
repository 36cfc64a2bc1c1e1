import { createTestDatabase, sql, type TestDatabase } from '@miyabi/testing'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { partitionsCheck } from '../../src/doctor/partitions.js'
import { checkDatabase, maintainPartitions, type PartitionStep } from '../../src/index.js'
import { detachAndDrop } from '../../src/partitions/detach-and-drop.js'
import { type Partition, readPartitions } from '../../src/partitions/months.js'
import { FOLDER, monthsSince, PARENTS, USER } from './support.js'

const isLong = process.env['MIYABI_TEST_LONG'] === '1'
const LARGE = isLong ? 5_000_000 : 20_000

let database: TestDatabase
let client: pg.Client
beforeEach(async () => {
  database = await createTestDatabase()
  client = new pg.Client(database.directDatabaseUrl)
  client.on('error', () => {}) // the database goes before it
  await client.connect()
  await client.query(PARENTS)
})
afterEach(async () => {
  await client.end()
  await database.drop()
})

const maintain = (options: Omit<Parameters<typeof maintainPartitions>[0], 'database'> = {}) =>
  maintainPartitions({ database: database.directDatabaseUrl, ...options })
const named = (steps: readonly PartitionStep[]): string[] =>
  steps.map((step) => `${step.kind} ${step.kind === 'made' ? `${step.table} ${step.month}` : step.partition}`)
const doctor = () => checkDatabase(partitionsCheck, { database: database.directDatabaseUrl, migrations: FOLDER })
const codeOf = (call: Promise<unknown>): Promise<string | undefined> =>
  call.then(
    () => undefined,
    ({ code }) => code,
  )

/** `2026-11` of so many months from now. */
function month(offset: number): string {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset)).toISOString().slice(0, 7)
}
const partition = (table: string, offset: number): string => `parts.${table}_${month(offset).replace('-', '_')}`

describe('months ahead', () => {
  it('are made as far as they are not there, by one run at a time', async () => {
    expect(await maintain()).toEqual([])
    const row = `INSERT INTO logs (id, level, message, created_at) VALUES (id_at($1), 'info', 'm', $1)`
    expect(await codeOf(client.query(row, [`${month(14)}-15`]))).toBe('23514')
    const steps = await maintain({ ahead: 14, dryRun: true })
    expect(named(steps)).toContain(`made logs ${month(14)}`)
    expect(await maintain({ ahead: 14 })).toEqual(steps)
    expect(await client.query(row, [`${month(14)}-15`])).toMatchObject({ rowCount: 1 })
    expect(await maintain({ ahead: 14 })).toEqual([])
    expect(await doctor()).toEqual([])

    await client.query('SELECT pg_advisory_lock(7350041126)')
    expect(await codeOf(maintain())).toBe('migrate.partitions.busy')
  })

  it('are looked for by the doctor, and so is what is open by itself', async () => {
    await client.query(`DROP TABLE ${partition('logs', 2)}; DROP TABLE ${partition('logs', 3)}`)
    await client.query(
      `GRANT SELECT (id) ON ${partition('logs', 4)} TO miyabi_service; ALTER TABLE ${partition('logs', 5)} NO FORCE ROW LEVEL SECURITY`,
    )
    await client.query(`ALTER TABLE line_messages DROP CONSTRAINT line_messages_id_fits_created_at`)
    await client.query(`ALTER TABLE logs DETACH PARTITION ${partition('logs', 12)}`)
    const found = await doctor()
    expect(found.map(({ check, object }) => `${check} ${object}`)).toEqual([
      `partitions.month_missing logs ${month(2)}`,
      `partitions.month_missing logs ${month(3)}`,
      'partitions.ids_unchecked line_messages',
      `partitions.rights ${partition('logs', 4)}`,
      `partitions.rights ${partition('logs', 5)}`,
      `partitions.left_over ${partition('logs', 12)}`,
    ])
    // What it says to do is what helps.
    for (const { remedy } of found.filter(({ check }) => /missing|rights/.test(check))) await client.query(remedy)
    expect((await doctor()).map(({ check }) => check)).toEqual(['partitions.ids_unchecked', 'partitions.left_over'])
  })
})

describe('months that are older than their rows are kept', () => {
  it('go, and no others', async () => {
    await monthsSince(client, 'logs', new Date(`${month(-4)}-01Z`))
    await client.query(
      `INSERT INTO logs (id, level, message, created_at)
      SELECT id_at(at), 'info', at::text, at FROM generate_series($1::timestamptz, now(), interval '1 day') AS at`,
      [`${month(-4)}-01`],
    )
    const kept = () =>
      sql(database.directDatabaseUrl, `SELECT message FROM logs WHERE created_at >= $1::timestamptz ORDER BY 1`, [
        `${month(-2)}-01`,
      ])
    const before = await kept()
    expect(await maintain()).toEqual([])
    const keep = { logs: '2 months' }
    const gone = [`dropped ${partition('logs', -4)}`, `dropped ${partition('logs', -3)}`]
    expect(named(await maintain({ keep, dryRun: true }))).toEqual(gone)
    expect(named(await maintain({ keep }))).toEqual(gone)
    expect(await kept()).toEqual(before)
    expect(named(await maintain({ keep }))).toEqual([])
    const late = `INSERT INTO logs (id, level, message, created_at) VALUES (id_at($1), 'info', 'late', $1)`
    expect(await codeOf(client.query(late, [`${month(-4)}-15`]))).toBe('23514')
    expect(await doctor()).toEqual([])
  })

  it('go on going where a run was ended half way', async () => {
    await monthsSince(client, 'logs', new Date(`${month(-3)}-01Z`))
    const reader = new pg.Client(database.directDatabaseUrl)
    await reader.connect()
    await reader.query('BEGIN')
    await reader.query('SELECT FROM logs')
    // The first half of detaching is done, and the second waits for the reader.
    await client.query('SET lock_timeout = 200')
    expect(await codeOf(client.query(`ALTER TABLE logs DETACH PARTITION ${partition('logs', -3)} CONCURRENTLY`))).toBe(
      '55P03',
    )
    expect((await doctor()).map(({ check }) => check)).toEqual(['partitions.leaving'])
    await reader.query('COMMIT')
    await reader.end()
    expect(named(await maintain())).toEqual([`dropped ${partition('logs', -3)}`])
    expect(await doctor()).toEqual([])
  })

  it('are told for tables that there are, and times that are some', async () => {
    expect(await codeOf(maintain({ keep: { users: '90d' } }))).toBe('migrate.partitions.table_unknown')
    expect(await codeOf(maintain({ keep: { logs: 'for ever' } }))).toBe('migrate.partitions.keep_invalid')
    expect(await codeOf(maintain({ keep: { logs: '0d' } }))).toBe('migrate.partitions.keep_invalid')
  })

  it('go without a page of theirs being read', { timeout: 600_000 }, async () => {
    await monthsSince(client, 'logs', new Date(`${month(-3)}-01Z`))
    await client.query(
      `INSERT INTO logs (id, level, message, created_at)
      SELECT id_at($1), 'info', repeat('x', 100), $1 FROM generate_series(1, ${LARGE})`,
      [`${month(-3)}-15`],
    )
    const pages = async (): Promise<number> =>
      Number(
        (await client.query(`SELECT relpages FROM pg_class WHERE oid = $1::regclass`, [partition('logs', -3)])).rows[0]
          ?.relpages,
      )
    await client.query(`ANALYZE ${partition('logs', -3)}`)
    const large = await pages()
    expect(large).toBeGreaterThan(LARGE / 100)
    const fetched = async (of: string): Promise<number> => {
      await client.query('SELECT pg_stat_force_next_flush()')
      return Number((await client.query<{ n: string }>(`SELECT ${of} AS n`)).rows[0]?.n)
    }
    const ofTable = `pg_stat_get_blocks_fetched('${partition('logs', -3)}'::regclass)`
    const ofDatabase = `(SELECT blks_read + blks_hit FROM pg_stat_database WHERE datname = current_database())`
    const before = await fetched(ofTable)
    expect(before).toBeGreaterThanOrEqual(large) // it counts
    let [between, all] = [Number.NaN, Number.NaN]
    const watched = new Proxy(client, {
      get: (target, name) =>
        name !== 'query'
          ? Reflect.get(target, name)
          : async (text: string, ...rest: []) => {
              if (text.startsWith('DROP')) [between, all] = [await fetched(ofTable), await fetched(ofDatabase)]
              return target.query(text, ...rest)
            },
    })
    const [old] = (await readPartitions(client)).filter(({ name }) => name === partition('logs', -3))
    await detachAndDrop(watched, old as Partition)
    expect(between).toBe(before)
    // What a drop reads of the catalogs is more than a small month has pages.
    if (isLong) expect((await fetched(ofDatabase)) - all).toBeLessThan(large / 2)
    expect((await readPartitions(client)).some(({ name }) => name === partition('logs', -3))).toBe(false)
  })
})

describe('a month of usage', () => {
  const total = (issues: number): string =>
    `INSERT INTO usage_aggregates (user_id, plugin_id, period, issues) VALUES ('${USER}', 'p', '${month(-3)}', ${issues})`
  const event = (quantity: number | null): string => `
    INSERT INTO usage_events (id, user_id, plugin_id, event_type, quantity, meter, created_at)
    SELECT id_at(at), '${USER}', 'p', 'command_used', ${quantity}, ${quantity === null ? 'NULL' : "'issues'"}, at FROM (SELECT '${month(-3)}-15'::timestamptz AS at) AS t`
  const keep = { usage_events: '2 months' }
  beforeEach(() => monthsSince(client, 'usage_events', new Date(`${month(-3)}-01Z`)))

  it('goes where its sums are those of its events', async () => {
    await client.query(`${total(7)}; ${event(3)}; ${event(4)}`)
    expect(await maintain({ keep })).toMatchObject([
      { kind: 'dropped', usage: { differing: 0, directEvents: 0, sumsWithoutEvents: 0 } },
    ])
  })

  it('stays where they are not, until it is forced, and the difference is named with what was not compared', async () => {
    await client.query(`${total(8)}; ${event(3)}; ${event(4)}; ${event(null)}`)
    const usage = {
      differing: 1,
      directEvents: 1,
      differences: [
        { userId: USER, pluginId: 'p', period: month(-3), events: { issues: 7, tokens: '0' }, total: { issues: 8 } },
      ],
    }
    expect(await maintain({ keep })).toMatchObject([{ kind: 'kept', partition: partition('usage_events', -3), usage }])
    expect(await client.query('SELECT FROM usage_events')).toMatchObject({ rowCount: 3 })
    expect(await maintain({ keep, force: true })).toMatchObject([{ kind: 'dropped', usage }])
    expect(await client.query('SELECT FROM usage_events')).toMatchObject({ rowCount: 0 })
  })
})
