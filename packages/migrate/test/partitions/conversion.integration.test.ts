import { sql } from '@miyabi/testing'
import pg from 'pg'
import { expect, it } from 'vitest'
import { catalogDump, diffCatalogs } from '../../src/index.js'
import { databaseBefore, migrations, TABLES, USER } from './support.js'

const isLong = process.env['MIYABI_TEST_LONG'] === '1'
const WRITERS = 8
/** What a table holds before. */
const ROWS = isLong ? 1_000_000 : 5000
/** A writer that waits for longer than this for a lock fails. In a short run the machine does much beside. */
const LOCK_TIMEOUT_MS = isLong ? 2000 : 20_000

const INSERTS: Readonly<Record<(typeof TABLES)[number], string>> = {
  usage_events: `INSERT INTO usage_events (user_id, plugin_id, event_type, event_data) VALUES ('${USER}', 'p', 'command_used', to_jsonb($1::text))`,
  logs: `INSERT INTO logs (level, message) VALUES ('info', $1)`,
  execution_logs: `INSERT INTO execution_logs (execution_id, log_level, message) VALUES ('${USER}', 'INFO', $1)`,
  line_messages: `INSERT INTO line_messages (user_id, line_user_id, message_type, message_text) VALUES ('${USER}', 'l', 'text', $1)`,
}

/** Where the text of an insert went. */
const TEXT: Readonly<Record<(typeof TABLES)[number], string>> = {
  usage_events: "event_data #>> '{}'",
  logs: 'message',
  execution_logs: 'message',
  line_messages: 'message_text',
}

interface Writing {
  goOn: boolean
  /** `table id text`, of what was committed. */
  readonly written: string[]
  readonly failures: string[]
}

/** Writes into the tables and what they refer to, in an order of its own, one row or a few a transaction. */
async function write(url: string, nth: number, writing: Writing): Promise<void> {
  const client = new pg.Client({ connectionString: url, lock_timeout: LOCK_TIMEOUT_MS })
  await client.connect()
  for (let round = 0; writing.goOn; round += 1) {
    const tables = TABLES.slice((nth + round) % TABLES.length).slice(0, 1 + (round % 3))
    const written: string[] = []
    try {
      await client.query('BEGIN')
      if (round % 4 === 0) await client.query(`UPDATE users SET name = $1 WHERE id = '${USER}'`, [`${nth}`])
      for (const table of tables) {
        const text = `${nth}.${round}.${table}`
        const { rows } = await client.query<{ id: string }>({
          name: table,
          text: `${INSERTS[table]} RETURNING id`,
          values: [text],
        })
        written.push(`${table} ${rows[0]?.id} ${text}`)
      }
      await client.query('COMMIT')
      writing.written.push(...written)
    } catch (error) {
      writing.failures.push(`${(error as pg.DatabaseError).code} ${(error as Error).message}`)
      await client.query('ROLLBACK')
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await client.end()
}

/** All rows, as writers note theirs; those that were there before are without a number. */
async function stored(url: string): Promise<{ readonly before: string; readonly written: string[] }> {
  const texts = TABLES.map((table) => `SELECT '${table}' AS t, id, ${TEXT[table]} AS text FROM ${table}`).join(
    ' UNION ALL ',
  )
  const [before] = await sql<{ hash: string }>(
    url,
    `SELECT count(*) || ' ' || sum(hashtextextended(t || id || text, 0)::numeric) AS hash FROM (${texts}) AS a WHERE text = 'before'`,
  )
  const rows = await sql<{ row: string }>(
    url,
    `SELECT t || ' ' || id || ' ' || text AS row FROM (${texts}) AS a WHERE text <> 'before'`,
  )
  return { before: before?.hash ?? '', written: rows.map(({ row }) => row).sort() }
}

it('takes tables apart and together again under eight writers, of which none fails, and no row is lost', {
  timeout: 600_000,
}, async () => {
  await using database = await databaseBefore()
  const url = database.directDatabaseUrl
  for (const table of TABLES)
    await sql(
      url,
      `${INSERTS[table].replace('VALUES (', 'SELECT ').replace(/\)$/, '').replace('$1', "'before'")} FROM generate_series(1, ${ROWS})`,
    )
  const { before } = await stored(url)
  const writing: Writing = { goOn: true, written: [], failures: [] }
  const writers = Array.from({ length: WRITERS }, (_, nth) => write(url, nth, writing))
  const counted: number[] = []
  try {
    for (const { up } of migrations().ofMonths) {
      await sql(url, up)
      counted.push(writing.written.length)
    }
    for (const { down = '' } of migrations().ofMonths.toReversed()) {
      await sql(url, down)
      counted.push(writing.written.length)
    }
    for (const { up } of migrations().ofMonths) await sql(url, up)
  } finally {
    writing.goOn = false
    await Promise.all(writers)
  }
  expect(writing.failures).toEqual([])
  expect(counted.at(-1)).toBeGreaterThan(counted[0] ?? 0) // they wrote meanwhile
  expect(await stored(url)).toEqual({ before, written: writing.written.toSorted() })
})

it('changes nothing of a table but that it has months, which nobody reaches by themselves', {
  timeout: 120_000,
}, async () => {
  await using database = await databaseBefore()
  const url = database.directDatabaseUrl
  const client = new pg.Client(url)
  client.on('error', () => {}) // where the test fails, the database goes before it
  await client.connect()
  const dumps = []
  for (const { up } of migrations().ofMonths) {
    await client.query(up)
    dumps.push(await catalogDump(client))
  }
  const [, , whole = [], months = []] = dumps
  const changes = diffCatalogs(whole, months).map(({ change, kind, name, expected = '', found = '' }) => {
    const isAlike =
      expected.replace(' ON ', ' ON ONLY ') === found || `partitioned by RANGE (id), ${expected}` === found
    return `${change} ${kind} ${name}${isAlike ? ', of a whole' : ''}`
  })
  expect(changes.filter((change) => !change.endsWith(', of a whole'))).toEqual(
    TABLES.map((table) => `missing constraint ${table}_before_months on public.${table}`).sort(),
  )
  expect(changes.filter((change) => change.startsWith('changed table'))).toHaveLength(TABLES.length)

  const { rows: parts } = await client.query<{ name: string; owner: string }>(
    `SELECT c.oid::regclass::text AS name, c.relowner::regrole::text AS owner FROM pg_class AS c
      WHERE c.relnamespace = 'parts'::regnamespace AND c.relkind = 'r' ORDER BY 1`,
  )
  expect(parts.length).toBeGreaterThan(4 * 10)
  const reached: string[] = []
  for (const role of ['miyabi_user', 'miyabi_web_user', 'miyabi_service', 'miyabi_definer']) {
    for (const { name } of parts) {
      for (const statement of [
        `SELECT FROM ${name}`,
        `INSERT INTO ${name} DEFAULT VALUES`,
        `DELETE FROM ${name}`,
        `TRUNCATE ${name}`,
      ]) {
        await client.query('BEGIN')
        await client.query(`SET LOCAL ROLE ${role}`)
        const code = await client.query(statement).then(
          () => 'done',
          (error: pg.DatabaseError) => error.code,
        )
        await client.query('ROLLBACK')
        if (code !== '42501') reached.push(`${role}: ${statement}: ${code}`)
      }
    }
  }
  await client.end()
  expect(reached).toEqual([])
})

it('lists rows whose ids are not of their time, with what to do, and changes nothing', async () => {
  await using database = await databaseBefore()
  const url = database.directDatabaseUrl
  const [ids, fitting] = migrations().ofMonths
  await sql(url, ids?.up ?? '')
  await sql(
    url,
    `INSERT INTO logs (id, level, message) VALUES ('f47ac10b-58cc-4372-a567-0e02b2c3d479', 'info', 'random')`,
  )
  await sql(url, `INSERT INTO logs (level, message, created_at) VALUES ('info', 'imported', '2020-01-01')`)
  await sql(
    url,
    `INSERT INTO usage_events (id, user_id, plugin_id, event_type, created_at) VALUES (id_at('2999-01-01'), '${USER}', 'p', 'command_used', '2999-01-01')`,
  )
  const failure = await sql(url, fitting?.up ?? '').catch((error: pg.DatabaseError) => error)
  expect(failure).toMatchObject({ code: '23514' })
  const { message } = failure as pg.DatabaseError
  expect(message).toContain('logs: 2 rows whose id is not of their created_at')
  expect(message).toContain('f47ac10b-58cc-4372-a567-0e02b2c3d479')
  expect(message).toContain('usage_events: 1 rows of the time from')
  const [remedy = ''] = /UPDATE logs [^;]+;/.exec(message) ?? []
  expect(await sql(url, `SELECT conname FROM pg_constraint WHERE conname LIKE '%fits_created_at'`)).toEqual([])

  await sql(url, remedy)
  await sql(url, 'DELETE FROM usage_events')
  for (const { up } of migrations().ofMonths.slice(1)) await sql(url, up)
  expect(await sql(url, 'SELECT message FROM logs WHERE id < id_floor($1) ORDER BY id', ['2020-01-02'])).toEqual([
    { message: 'imported' },
  ])
})
