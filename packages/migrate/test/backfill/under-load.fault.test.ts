import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createTestDatabase, sql, until } from '@miyabi/testing'
import pg from 'pg'
import { expect, it } from 'vitest'
import { backfillRows } from '../../src/index.js'

const isLong = process.env['MIYABI_TEST_LONG'] === '1'
const ROWS = isLong ? 3_000_000 : 12_000
const WRITERS = isLong ? 6 : 3
const PACE = isLong ? { rowsPerSecond: 25_000, batchRows: 1000 } : { rowsPerSecond: 6000, batchRows: 200 }
const KILLS = isLong ? 5 : 2
/** From the first batch that a process commits. */
const KILL_AFTER_MS = isLong ? 8000 : 200
/** A writer that waits for longer than this for a row fails. */
const WRITERS_LOCK_TIMEOUT_MS = 1000

const TABLE = `
  CREATE TABLE accounts (id bigint PRIMARY KEY, balance bigint NOT NULL, times int NOT NULL DEFAULT 0);
  INSERT INTO accounts SELECT 2 * n, n FROM generate_series(1, ${ROWS}) AS n;
  ANALYZE accounts;`

/** The new column, kept up by a trigger for whatever is written from now on. */
const EXPAND = `
  SET lock_timeout = '1s';
  ALTER TABLE accounts ADD COLUMN cents bigint;
  CREATE FUNCTION accounts_cents() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS
    $$ BEGIN NEW.cents := NEW.balance * 100; RETURN NEW; END $$;
  CREATE TRIGGER accounts_cents BEFORE INSERT OR UPDATE OF balance ON accounts FOR EACH ROW EXECUTE FUNCTION accounts_cents();`

/**
 * The new column is all there is; each statement holds its lock for a moment, as none has to read the table under it.
 */
const CONTRACT = [
  `SET lock_timeout = '1s'`,
  `ALTER TABLE accounts ADD CONSTRAINT accounts_cents_there CHECK (cents IS NOT NULL) NOT VALID`,
  `ALTER TABLE accounts VALIDATE CONSTRAINT accounts_cents_there`,
  `ALTER TABLE accounts ALTER COLUMN cents SET NOT NULL`,
  `ALTER TABLE accounts DROP CONSTRAINT accounts_cents_there`,
]

const backfill = { name: 'cents', table: 'accounts', set: 'cents = t.balance * 100, times = t.times + 1', ...PACE }

/** The same in a process of its own, to be killed. */
function spawnBackfill(databaseUrl: string) {
  const entry = new URL('../../dist/index.js', import.meta.url).href
  const program = `import { backfillRows } from ${JSON.stringify(entry)}
    await backfillRows(${JSON.stringify({ ...backfill, databaseUrl })})`
  return spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' })
}

/** Where writers write. */
interface Where {
  /** The row that the backfill has come to. */
  around: number
  goOn: boolean
}

/** Keeps writers near the backfill. */
async function follow(url: string, where: Where): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  while (where.goOn) {
    const { rows } = await client.query<{ row: number }>(
      'SELECT position[1]::int / 2 AS row FROM miyabi_backfill.progress',
    )
    where.around = rows[0]?.row ?? 0
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await client.end()
}

/** What a writer did. */
interface Written {
  statements: number
  longestMs: number
}

/**
 * Changes, inserts and deletes rows until told to stop. Each writer has rows of its own, so that whatever it waits for
 * is the backfill's; it takes them from the last to the first, the way that would deadlock with whoever waits while it
 * holds rows. Half of them are those that the backfill is about to come to.
 */
async function write(url: string, writer: number, where: Where): Promise<Written> {
  const client = new pg.Client({ connectionString: url, lock_timeout: WRITERS_LOCK_TIMEOUT_MS })
  await client.connect()
  const written = { statements: 0, longestMs: 0 }
  const run = async (text: string, values: unknown[] = []): Promise<void> => {
    const start = performance.now()
    await client.query(text, values)
    written.longestMs = Math.max(written.longestMs, performance.now() - start)
    written.statements += 1
  }
  /** An even id of this writer: one that was there from the start. */
  const someId = (): number => {
    const isNear = Math.random() < 0.5
    const row = isNear ? where.around + 3 * PACE.batchRows * Math.random() : ROWS * Math.random()
    return 2 * (writer + WRITERS * Math.floor(row / WRITERS))
  }
  try {
    while (where.goOn) {
      const id = someId()
      await run('BEGIN')
      for (const near of [id + 20 * WRITERS, id + 2 * WRITERS, id]) {
        await run('UPDATE accounts SET balance = balance + 1 WHERE id = $1', [near])
        if (Math.random() < 0.1) await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await run('INSERT INTO accounts (id, balance) VALUES ($1, $2) ON CONFLICT DO NOTHING', [id + 1, id])
      if (Math.random() < 0.2) await run('DELETE FROM accounts WHERE id = $1', [someId() + 1])
      await run('COMMIT')
    }
  } finally {
    await client.end()
  }
  return written
}

it(
  'changes each row of a big table once, beside writers and through kill -9, and no writer waits for longer than its lock timeout',
  async () => {
    await using database = await createTestDatabase({ empty: true })
    const url = database.directDatabaseUrl
    await sql(url, TABLE)
    const where = { around: 0, goOn: true }
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(url, writer + 1, where))
    const written = Promise.all(writers)
    written.catch(() => {}) // looked at below
    const place = async (): Promise<number> => {
      const [there] = await sql<{ is: boolean }>(
        url,
        `SELECT to_regclass('miyabi_backfill.progress') IS NOT NULL AS is`,
      )
      if (!there?.is) return 0
      const [row] = await sql<{ seen: number }>(url, 'SELECT seen::int FROM miyabi_backfill.progress')
      return row?.seen ?? 0
    }
    await sql(url, EXPAND)

    const start = performance.now()
    const places: number[] = []
    let following: Promise<void> | undefined
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawnBackfill(url)
      const exit = once(child, 'exit')
      await until(async () => (await place()) > (places.at(-1) ?? 0))
      following ??= follow(url, where)
      await new Promise((resolve) => setTimeout(resolve, KILL_AFTER_MS * Math.random()))
      child.kill('SIGKILL')
      expect(await exit).toEqual([null, 'SIGKILL'])
      places.push(await place())
    }
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(places[0]).toBeGreaterThan(0)
    expect(places.at(-1)).toBeLessThan(ROWS)
    const runStart = performance.now()
    const last = await backfillRows({ ...backfill, databaseUrl: url })
    const runSeconds = (performance.now() - runStart) / 1000
    const seconds = (performance.now() - start) / 1000
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    for (const statement of CONTRACT) await client.query(statement)
    where.goOn = false
    await following
    const all = await written // throws if a writer was in a deadlock, or waited for too long

    expect(last.rowsPerSecond).toBeLessThanOrEqual(PACE.rowsPerSecond * 1.02)
    expect((last.seen - (places.at(-1) ?? 0)) / runSeconds).toBeLessThanOrEqual(PACE.rowsPerSecond * 1.02)
    const { rows } = await client.query(
      `SELECT count(*) FILTER (WHERE id % 2 = 0 AND id <= ${2 * ROWS})::int AS rows,
              count(*) FILTER (WHERE id % 2 = 0 AND times = 0)::int AS missed,
              count(*) FILTER (WHERE times > 1)::int AS twice,
              count(*) FILTER (WHERE id % 2 = 1)::int AS inserted,
              count(*) FILTER (WHERE cents IS DISTINCT FROM balance * 100)::int AS wrong FROM accounts`,
    )
    await client.end()
    const statements = all.reduce((sum, one) => sum + one.statements, 0)
    if (isLong) {
      const longestMs = Math.round(Math.max(...all.map((one) => one.longestMs)))
      console.log({ rows, last, statements, longestMs, seconds: Math.round(seconds), places })
    }
    expect(rows).toEqual([{ rows: ROWS, missed: 0, twice: 0, inserted: expect.any(Number), wrong: 0 }])
    expect(statements).toBeGreaterThan(100)
  },
  isLong ? 900_000 : 180_000,
)
