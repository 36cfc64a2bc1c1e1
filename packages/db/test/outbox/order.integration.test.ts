import { setTimeout as delay } from 'node:timers/promises'
import { sql, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DatabaseContext, defineEffects, effect } from '../../src/index.js'
import { testEnvironment } from '../environment.js'

const effects = defineEffects({ note: effect<{ readonly writer: number; readonly n: number }>() })
const KEYS = 3
const WRITERS = 6
const EACH = 12

let database: TestDatabase
let db: DatabaseContext<typeof effects>
beforeAll(async () => {
  let env: Record<string, string>
  ;({ database, env } = await testEnvironment())
  env = { ...env, DB_MAX_CONNECTIONS: '8', DB_SERVICE_MAX_CONNECTIONS: '8' }
  db = await DatabaseContext.fromEnv({ env, effects })
})
afterAll(async () => {
  await db?.close()
  await database?.drop()
})
beforeEach(() => sql(database.directDatabaseUrl, 'DELETE FROM outbox; DELETE FROM logs'))

/**
 * Writers share keys, and hold their transactions open behind the flush. Returns how many rows of a key were seen to be
 * there while a row before them in the order was not yet.
 */
async function outOfOrder(): Promise<{ readonly rows: number; readonly outOfOrder: number }> {
  let isWriting = true
  const seen = new Map<string, Set<number>>()
  const late: number[] = []
  const highest = new Map<string, number>()
  /** What a relay would see: a row with a lower position than one that was there before it. */
  const look = async (): Promise<void> => {
    const { rows } = await db
      .asService()
      .query<{ key: string; position: bigint }>('SELECT key, position FROM outbox ORDER BY position')
    for (const { key, position } of rows) {
      const known = seen.get(key) ?? new Set()
      seen.set(key, known)
      if (known.has(Number(position))) continue
      if (Number(position) < (highest.get(key) ?? 0)) late.push(Number(position))
      known.add(Number(position))
    }
    for (const [key, known] of seen) highest.set(key, Math.max(...known))
  }
  const reading = (async () => {
    while (isWriting) await look()
    await look()
  })()
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      for (let n = 0; n < EACH; n += 1) {
        await db.asService().transaction(
          async (_tx, { outbox }) => {
            // In whatever order: what is sent is sorted.
            for (const key of [0, 1, 2].map((offset) => (writer + n + offset) % KEYS)) {
              outbox.emit('note', { writer, n }, { key: `key ${key}` })
            }
          },
          { deadlineMs: 60_000 },
        )
        if (n % 5 === 0) await delay(1)
      }
    }),
  )
  isWriting = false
  await reading
  return { rows: [...seen.values()].reduce((sum, { size }) => sum + size, 0), outOfOrder: late.length }
}

/** Holds every transaction open behind its flush, for a while that differs: what came earlier may commit later. */
const HOLD = `
  CREATE OR REPLACE FUNCTION hold_open() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
  $$ BEGIN PERFORM pg_sleep(random() * 0.02); RETURN NULL; END $$;
  CREATE TRIGGER zz_hold_open AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION hold_open()`

describe('the order of effects of one key', () => {
  it('is that of the commits, and without the lock of the key it would not be', { timeout: 300_000 }, async () => {
    await sql(database.directDatabaseUrl, HOLD)
    const held = await outOfOrder()
    expect(held).toEqual({ rows: WRITERS * EACH * KEYS, outOfOrder: 0 })

    const [row] = await sql<{ text: string }>(
      database.directDatabaseUrl,
      "SELECT pg_get_functiondef('outbox_place'::regproc) AS text",
    )
    const text = String(row?.text)
    await sql(database.directDatabaseUrl, text.replace(/PERFORM pg_advisory_xact_lock\([^;]*;/, 'NULL;'))
    try {
      let wrong = 0
      for (let round = 0; wrong === 0 && round < 20; round += 1) {
        await sql(database.directDatabaseUrl, 'DELETE FROM outbox')
        wrong = (await outOfOrder()).outOfOrder
      }
      expect(wrong).toBeGreaterThan(0)
    } finally {
      await sql(database.directDatabaseUrl, `${text}; DROP TRIGGER zz_hold_open ON outbox`)
    }
  })

  it('makes nobody wait in a circle, whichever way round the work names its keys', async () => {
    const both = async (first: string, second: string): Promise<number> => {
      let attempts = 0
      await db.asService().transaction(async (_tx, { outbox, attempt }) => {
        attempts = attempt
        outbox.emit('note', { writer: 0, n: 0 }, { key: first })
        outbox.emit('note', { writer: 0, n: 0 }, { key: second })
      })
      return attempts
    }
    const attempts = await Promise.all(
      Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? both('a', 'b') : both('b', 'a'))),
    )
    expect(Math.max(...attempts)).toBe(1)
  })
})
