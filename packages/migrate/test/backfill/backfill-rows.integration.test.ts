import type { BackfillProgress } from '@miyabi/core'
import { sql, until } from '@miyabi/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backfillRows, catalogDump } from '../../src/index.js'
import { isLong } from '../support/cli.js'
import { type Server, servers } from '../support/servers.js'

/** How often each row was changed, by that number. */
async function timesChanged(url: string, table = 'items'): Promise<Record<string, number>> {
  const rows = await sql<{ times: number; rows: number }>(
    url,
    `SELECT times, count(*)::int AS rows FROM ${table} GROUP BY 1`,
  )
  return Object.fromEntries(rows.map(({ times, rows: count }) => [times, count]))
}

/** Whether the backfill waits for a lock that somebody else holds. */
async function isWaiting(url: string): Promise<boolean> {
  const waiting = `SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'miyabi backfill once' AND wait_event_type = 'Lock'`
  return (await sql(url, waiting)).length > 0
}

const ITEMS = (rows: number): string => `
  CREATE TABLE items (id int PRIMARY KEY, times int NOT NULL DEFAULT 0);
  INSERT INTO items SELECT n FROM generate_series(1, ${rows}) AS n;`
const once = { name: 'once', table: 'items', set: 'times = t.times + 1', rowsPerSecond: 1e6 }

describe.each(Object.entries(servers))('backfillRows on %s', (major, start) => {
  let server: Server
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.close())
  /** For what this package does, and no major of the server otherwise than another. */
  const itOnce = major === 'PostgreSQL 18' || isLong ? it : undefined

  it('changes each row once, and none again when it is run again', async () => {
    const databaseUrl = await server.database()
    await sql(databaseUrl, ITEMS(1050))
    const seen: BackfillProgress[] = []
    const run = (): Promise<BackfillProgress> =>
      backfillRows({ ...once, databaseUrl, batchRows: 100, onProgress: (progress) => seen.push(progress) })
    expect(await run()).toMatchObject({ seen: 1050, changed: 1050, isDone: true, retries: 0 })
    expect(seen.at(-1)?.isDone).toBe(true)
    expect(await run()).toMatchObject({ seen: 1050, changed: 1050, isDone: true })
    expect(await timesChanged(databaseUrl)).toEqual({ 1: 1050 })
  })

  it('goes along a key of several columns, in their own order, and passes by what `where` leaves out', async () => {
    const databaseUrl = await server.database()
    await sql(
      databaseUrl,
      `CREATE SCHEMA shop;
       CREATE TABLE shop."Order Lines" ("Made" timestamptz, code text, line uuid DEFAULT gen_random_uuid(), times int DEFAULT 0,
         PRIMARY KEY (code, "Made", line));
       INSERT INTO shop."Order Lines" SELECT timestamptz '2026-01-01' + (n % 3) * interval '1.000001 s', substr('aÄ"\\,', n % 5 + 1, 1)
         FROM generate_series(1, 333) AS n`,
    )
    const table = 'shop."Order Lines"'
    const result = await backfillRows({ ...once, databaseUrl, table, where: `t.code <> 'a'`, batchRows: 7 })
    const { 0: passed = 0, 1: changed = 0, ...others } = await timesChanged(databaseUrl, table)
    expect(passed).toBeGreaterThan(50)
    expect(others).toEqual({})
    expect(result).toMatchObject({ seen: 333, changed })
  })

  it('waits for a row that somebody holds, holds no other meanwhile, and gives up when its patience is over', async () => {
    const databaseUrl = await server.database()
    await sql(databaseUrl, ITEMS(100))
    const holder = new pg.Client({ connectionString: databaseUrl })
    await holder.connect()
    await holder.query('BEGIN; UPDATE items SET times = times WHERE id = 41')
    const options = { ...once, databaseUrl, lockTimeoutMs: 100 }
    await expect(backfillRows({ ...options, patienceMs: 1 })).rejects.toMatchObject({
      code: 'migrate.backfill.blocked',
      details: { backfill: 'once', sqlstate: '55P03' },
      retryable: true,
    })
    expect(await timesChanged(databaseUrl)).toEqual({ 0: 60, 1: 40 })

    const running = backfillRows(options)
    await until(() => isWaiting(databaseUrl))
    for (let look = 0; look < 10; look++) await sql(databaseUrl, `SELECT FROM items WHERE id <> 41 FOR UPDATE NOWAIT`)
    await new Promise((resolve) => setTimeout(resolve, 200))
    await holder.query('COMMIT')
    await holder.end()
    expect(await running).toMatchObject({ seen: 100, changed: 100, retries: expect.any(Number) })
    expect((await running).retries).toBeGreaterThan(0)
    expect(await timesChanged(databaseUrl)).toEqual({ 1: 100 })
  })

  it('goes on over a row that is deleted while it waits for it', async () => {
    const databaseUrl = await server.database()
    await sql(databaseUrl, ITEMS(10))
    const holder = new pg.Client({ connectionString: databaseUrl })
    await holder.connect()
    await holder.query('BEGIN; DELETE FROM items WHERE id IN (1, 5)')
    const running = backfillRows({ ...once, databaseUrl, lockTimeoutMs: 5000, statementTimeoutMs: 10_000 })
    await until(() => isWaiting(databaseUrl))
    await holder.query('COMMIT')
    await holder.end()
    expect(await running).toMatchObject({ seen: 8, changed: 8, retries: 0 })
  })

  itOnce?.('stops at a signal, and goes on where it was', async () => {
    const databaseUrl = await server.database()
    await sql(databaseUrl, ITEMS(100))
    const controller = new AbortController()
    const stop = new Error('enough')
    const options = { ...once, databaseUrl, batchRows: 10 }
    const onProgress = (): void => controller.abort(stop)
    await expect(backfillRows({ ...options, onProgress, signal: controller.signal })).rejects.toBe(stop)
    expect(await timesChanged(databaseUrl)).toEqual({ 0: 90, 1: 10 })
    expect(await backfillRows(options)).toMatchObject({ seen: 100, changed: 100 })
    expect(await timesChanged(databaseUrl)).toEqual({ 1: 100 })
  })

  itOnce?.('loses its connection, and goes on', async () => {
    const databaseUrl = await server.database()
    await sql(databaseUrl, ITEMS(200))
    const killer = new pg.Client({ connectionString: databaseUrl })
    await killer.connect()
    let [hasBegun, isDone] = [false, false]
    const onProgress = (progress: BackfillProgress): void => {
      hasBegun = true
      isDone = progress.isDone
    }
    const running = backfillRows({ ...once, databaseUrl, batchRows: 5, rowsPerSecond: 200, onProgress })
    running.catch(() => {
      isDone = true
    })
    await until(async () => hasBegun)
    let kills = 0
    while (!isDone) {
      const { rowCount } = await killer.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'miyabi backfill once'`,
      )
      kills += rowCount ?? 0
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    await killer.end()
    expect(kills).toBeGreaterThan(0)
    expect((await running).retries).toBeGreaterThan(0)
    expect(await timesChanged(databaseUrl)).toEqual({ 1: 200 })
  })

  it('says what is wrong before it changes anything', async () => {
    const databaseUrl = await server.database()
    await sql(databaseUrl, `${ITEMS(10)} CREATE TABLE bare (times int)`)
    const code = (text: string) => expect.objectContaining({ code: `migrate.backfill.${text}` })
    await expect(backfillRows({ ...once, databaseUrl, table: 'nowhere' })).rejects.toEqual(code('table_unusable'))
    await expect(backfillRows({ ...once, databaseUrl, table: 'bare' })).rejects.toEqual(code('table_unusable'))
    await expect(backfillRows({ ...once, databaseUrl, name: 'typo', set: 'tims = 1' })).rejects.toMatchObject({
      code: 'migrate.backfill.refused',
      message: expect.stringContaining('column "tims"'),
    })
    for (const option of ['rowsPerSecond', 'batchRows', 'lockTimeoutMs', 'statementTimeoutMs']) {
      await expect(backfillRows({ ...once, databaseUrl, [option]: 0 })).rejects.toMatchObject({ details: { option } })
    }
    await backfillRows({ ...once, databaseUrl })
    await expect(backfillRows({ ...once, databaseUrl, set: 'times = 7' })).rejects.toEqual(code('name_taken'))
    expect(await timesChanged(databaseUrl)).toEqual({ 1: 10 })
  })

  it('leaves nothing that drift would find', async () => {
    const databaseUrl = await server.database()
    const dump = async () => {
      const client = new pg.Client({ connectionString: databaseUrl })
      await client.connect()
      return await catalogDump(client).finally(() => client.end())
    }
    await sql(databaseUrl, ITEMS(10))
    const before = await dump()
    await backfillRows({ ...once, databaseUrl })
    expect(await dump()).toEqual(before)
  })

  it('never passes over rows that policies would hide from the owner', async () => {
    const databaseUrl = await server.database()
    await sql(
      databaseUrl,
      `${ITEMS(10)} ALTER TABLE items ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
       CREATE POLICY one ON items USING (id = 1)`,
    )
    const hidden = expect.objectContaining({
      code: 'migrate.backfill.rows_hidden',
      message: expect.stringMatching(/CREATE POLICY .* ON public\.items FOR ALL TO \w+ USING \(true\)/),
    })
    await expect(backfillRows({ ...once, databaseUrl })).rejects.toEqual(hidden)
    await sql(databaseUrl, 'CREATE POLICY reads ON items FOR SELECT TO CURRENT_USER USING (true)')
    await expect(backfillRows({ ...once, databaseUrl })).rejects.toEqual(hidden)
    await sql(databaseUrl, 'CREATE POLICY owner_all ON items FOR ALL TO CURRENT_USER USING (true)')
    await sql(databaseUrl, 'CREATE POLICY fewer ON items AS RESTRICTIVE USING (id > 1)')
    await expect(backfillRows({ ...once, databaseUrl })).rejects.toEqual(hidden)
    await sql(databaseUrl, 'DROP POLICY fewer ON items')
    expect(await backfillRows({ ...once, databaseUrl })).toMatchObject({ changed: 10 })
  })

  // The login of the run's own server may not make roles.
  const itWithRoles = major === 'PostgreSQL 15' ? it : undefined
  itWithRoles?.('acts as the group that owns the table, and as nobody else', async () => {
    const databaseUrl = await server.database()
    await sql(
      databaseUrl,
      `CREATE ROLE keepers; GRANT keepers TO CURRENT_USER; GRANT CREATE ON SCHEMA public TO keepers; ${ITEMS(10)}
       CREATE ROLE keeper NOINHERIT LOGIN IN ROLE keepers; CREATE ROLE server_login LOGIN;
       GRANT SELECT, UPDATE ON items TO server_login;
       ALTER TABLE items ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, OWNER TO keepers;
       SET ROLE keepers; CREATE POLICY owner_all ON items FOR ALL TO keepers USING (true)`,
    )
    const as = (login: string): string => databaseUrl.replace('//migrator@', `//${login}@`)
    await expect(backfillRows({ ...once, databaseUrl: as('server_login') })).rejects.toMatchObject({
      code: 'migrate.backfill.not_owner',
      message: expect.stringContaining('DIRECT_DATABASE_URL'),
    })
    const first = { ...once, databaseUrl, batchRows: 4, onProgress: () => controller.abort() }
    const controller = new AbortController()
    await expect(backfillRows({ ...first, signal: controller.signal })).rejects.toThrow()
    expect(await backfillRows({ ...once, databaseUrl: as('keeper') })).toMatchObject({ changed: 10 })
    expect(await timesChanged(as('migrator'))).toEqual({ 1: 10 })
  })
})
