import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Asker } from './attempts.js'
import { type MachineryAccess, type MachineryTable, machinery } from './machinery.js'
import { askers } from './matrix.js'
import { alice, bob, wanda } from './people.js'
import { openSecured, openSecured15, type SecuredDatabase } from './secured-database.js'

const people = [askers.user, askers.admin, askers.webUser, askers.strangeUser]

/** One statement of each verb, which needs no value of a row. */
const statements: Readonly<
  Record<MachineryTable, Readonly<Record<'select' | 'insert' | 'update' | 'delete', string>>>
> = {
  outbox: {
    select: 'SELECT id FROM outbox',
    insert: "INSERT INTO outbox (id, topic, payload) VALUES (gen_random_uuid(), 'events.append', '{}')",
    update: 'UPDATE outbox SET attempts = 1',
    delete: 'DELETE FROM outbox',
  },
  outbox_dead: {
    select: 'SELECT id FROM outbox_dead',
    insert: `INSERT INTO outbox_dead (partition, position, id, topic, payload, actor_kind)
               VALUES (0, 1, gen_random_uuid(), 'x', '{}', 'service')`,
    update: 'UPDATE outbox_dead SET attempts = 1',
    delete: 'DELETE FROM outbox_dead',
  },
  outbox_partitions: {
    select: 'SELECT fence FROM outbox_partitions',
    insert: 'INSERT INTO outbox_partitions (partition) VALUES (99)',
    update: 'UPDATE outbox_partitions SET fence = fence + 1',
    delete: 'DELETE FROM outbox_partitions',
  },
  outbox_topics: {
    select: 'SELECT topic FROM outbox_topics',
    insert: "INSERT INTO outbox_topics (topic, opened_to) VALUES ('x', '{user}')",
    update: "UPDATE outbox_topics SET opened_to = '{user}'",
    delete: 'DELETE FROM outbox_topics',
  },
  commit_marks: {
    select: 'SELECT id FROM commit_marks',
    insert: "INSERT INTO commit_marks (id, given_up, actor_kind) VALUES (gen_random_uuid(), false, 'service')",
    update: 'UPDATE commit_marks SET purge_after = 1',
    delete: 'DELETE FROM commit_marks',
  },
  stream_shards: {
    select: 'SELECT sequence FROM stream_shards',
    insert: "INSERT INTO stream_shards (consumer, stream, shard, generation) VALUES ('x', 'x', 'x', 1)",
    update: 'UPDATE stream_shards SET fence = fence + 1',
    delete: 'DELETE FROM stream_shards',
  },
  stream_dead: {
    select: 'SELECT record FROM stream_dead',
    insert: `INSERT INTO stream_dead (consumer, stream, shard, sequence, record, code, message)
               VALUES ('x', 'x', 'x', '1', '{}', 'x', 'x')`,
    update: "UPDATE stream_dead SET code = 'y'",
    delete: 'DELETE FROM stream_dead',
  },
  erasures: {
    select: 'SELECT mark FROM erasures',
    insert: "INSERT INTO erasures (mark) VALUES (repeat('0', 64))",
    update: 'UPDATE erasures SET at = current_instant()',
    delete: 'DELETE FROM erasures',
  },
  restores: {
    select: 'SELECT backup_id FROM restores',
    insert: `INSERT INTO restores (backup_id, cut, row_count, item_count, outbox_until, erasures)
               VALUES ('x', now(), 0, 0, 0, 'applied')`,
    update: 'UPDATE restores SET resumed_at = now()',
    delete: 'DELETE FROM restores',
  },
  backup_drills: {
    select: 'SELECT backup_id FROM backup_drills',
    insert: `INSERT INTO backup_drills (backup_id, cut, equal, differences, loss_ms, duration_ms)
             VALUES ('x', now(), true, '{}', 0, 0)`,
    update: 'UPDATE backup_drills SET loss_ms = 1',
    delete: 'DELETE FROM backup_drills',
  },
}

describe.each([
  ['the server of the test run', openSecured],
  ['PostgreSQL 15', openSecured15],
])("the product's own machinery, on %s", (_, open) => {
  let db: SecuredDatabase
  beforeAll(async () => {
    db = await open()
  })
  afterAll(() => db.close())

  /** Runs statements as somebody, and answers the rows of the last; nothing remains. */
  async function as<Row extends pg.QueryResultRow>(
    { role, userId = '', webUserId = '' }: Asker,
    ...sql: readonly string[]
  ): Promise<Row[]> {
    await db.query('BEGIN')
    try {
      await db.query(`SELECT set_config('miyabi.user_id', $1, true), set_config('miyabi.web_user_id', $2, true)`, [
        userId,
        webUserId,
      ])
      await db.query(`SET LOCAL ROLE ${role === 'none' ? db.home : role}`)
      let rows: Row[] = []
      for (const text of sql) rows = await db.query<Row>(text)
      return rows
    } finally {
      await db.query('ROLLBACK')
    }
  }

  const outcome = (asker: Asker, ...sql: readonly string[]): Promise<string> =>
    as(asker, ...sql).then(
      () => 'works',
      (error: pg.DatabaseError) => error.code ?? String(error),
    )

  const row = (values: Readonly<Record<string, string>>): string => {
    const all = { id: 'gen_random_uuid()', topic: "'events.append'", payload: "'{}'", ...values }
    return `INSERT INTO outbox (${Object.keys(all).join(', ')}) VALUES (${Object.values(all).join(', ')})`
  }

  /** What somebody's insert became. */
  const placed = (asker: Asker, ...sql: readonly string[]): Promise<Record<string, unknown>[]> =>
    as(asker, ...sql, `RESET ROLE`, `SET LOCAL ROLE ${db.home}`, 'SELECT * FROM outbox ORDER BY position')

  it('allows each verb to those who are said to have it, and to nobody else', async () => {
    const found: Record<string, string[]> = {}
    const expected: Record<string, string[]> = {}
    for (const [table, rules] of Object.entries(machinery) as [MachineryTable, MachineryAccess][]) {
      for (const verb of ['select', 'insert', 'update', 'delete'] as const) {
        for (const asker of [...people, askers.service, askers.migrator]) {
          const key = `${table} ${verb}`
          const may =
            asker === askers.migrator ||
            (asker === askers.service ? rules.service : (rules.people ?? [])).some((each) => each === verb)
          found[key] = [...(found[key] ?? []), `${asker.name}: ${await outcome(asker, statements[table][verb])}`]
          expected[key] = [...(expected[key] ?? []), `${asker.name}: ${may ? 'works' : '42501'}`]
        }
      }
    }
    expect(found).toEqual(expected)
  })

  it('refuses people every column of the outbox but those which they may give', async () => {
    const columns = await db.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'outbox'::regclass AND attnum > 0 AND NOT attisdropped`,
    )
    const open = columns.map(({ name }) => name).filter((name) => !['id', 'topic', 'payload'].includes(name))
    for (const asker of people) {
      const allowed: string[] = []
      for (const name of open) if ((await outcome(asker, row({ [name]: 'DEFAULT' }))) === 'works') allowed.push(name)
      expect(allowed.sort()).toEqual(['due_at', 'key', 'version'])
    }
  })

  it('writes nobody without an identity', async () => {
    for (const asker of [askers.userWithoutId, askers.webUserWithoutId]) {
      expect(await outcome(asker, row({}))).toBe('MY001')
      expect(await outcome(asker, `SELECT commit_mark('${randomUUID()}')`)).toBe('MY001')
      expect(await outcome(asker, `SELECT commit_outcome('${randomUUID()}')`)).toBe('MY001')
    }
  })

  it('writes people only what is open to their kind', async () => {
    for (const asker of people) {
      for (const topic of ['messages.enqueue', 'agentState.save', 'webhook.deliver', 'EVENTS.append', ' events.append'])
        expect(await outcome(asker, row({ topic: `'${topic}'` })), topic).toBe('MY002')
    }
    const opening = "INSERT INTO outbox_topics (topic, opened_to) VALUES ('webhook.deliver', '{web_user}')"
    await db.query(opening)
    expect(await outcome(askers.webUser, row({ topic: "'webhook.deliver'" }))).toBe('works')
    expect(await outcome(askers.user, row({ topic: "'webhook.deliver'" }))).toBe('MY002')
    await db.query("DELETE FROM outbox_topics WHERE topic = 'webhook.deliver'")
  })

  it("says whose a row is, and keeps people's keys apart from everybody else's", async () => {
    const [asUser] = await placed(askers.user, row({ key: "'a'" }))
    expect(asUser).toMatchObject({ actor_kind: 'user', actor: alice.id, key: `user:${alice.id}:a`, attempts: 0 })
    const [asWebUser] = await placed(askers.webUser, row({ key: `'user:${alice.id}:a'` }))
    expect(asWebUser).toMatchObject({ actor_kind: 'web_user', key: `web_user:${wanda.id}:user:${alice.id}:a` })
    const [asService] = await placed(askers.service, row({ key: "'a'" }))
    expect(asService).toMatchObject({ actor_kind: 'service', actor: null, key: 'a', transaction_id: null })
    const [again] = await placed(
      askers.service,
      row({ key: "'user:x:a'", actor_kind: "'user'", actor: `'${bob.id}'`, attempts: '7', last_error: "'x'" }),
    )
    expect(again).toMatchObject({ actor_kind: 'user', actor: bob.id, key: 'user:x:a', attempts: 0, last_error: null })
  })

  it('bounds the size of a payload, of a key and of an effect, and when it is due', async () => {
    const text = (bytes: number): string => `to_json(repeat('x', ${bytes - 2}))`
    expect(await outcome(askers.user, row({ payload: text(65_536) }))).toBe('works')
    expect(await outcome(askers.user, row({ payload: text(65_537) }))).toBe('23514')
    expect(await outcome(askers.service, row({ payload: text(65_537) }))).toBe('23514')
    expect(await outcome(askers.user, row({ key: "repeat('x', 1100)" }))).toBe('23514')
    expect(await outcome(askers.user, row({ key: "''" }))).toBe('works') // behind the prefix it is none
    expect(await outcome(askers.service, row({ key: "''" }))).toBe('23514')
    expect(await outcome(askers.user, row({ version: '0' }))).toBe('23514')
    expect(await outcome(askers.user, row({ due_at: "'-infinity'" }))).toBe('23514')
    const [late] = await placed(askers.user, row({ due_at: "'infinity'" }))
    expect(Number(late?.['due_at']) - Date.now()).toBeLessThan(367 * 86_400_000)
  })

  it('bounds the rows of a transaction of a person, however they come', async () => {
    const many = (n: number): string =>
      `INSERT INTO outbox (id, topic, payload) SELECT gen_random_uuid(), 'events.append', '{}' FROM generate_series(1, ${n})`
    for (const asker of [askers.user, askers.webUser]) {
      expect(await outcome(asker, many(1000))).toBe('works')
      expect(await outcome(asker, many(1001))).toBe('MY003')
      expect(await outcome(asker, many(600), many(400), many(1))).toBe('MY003')
      expect(await outcome(asker, many(999), 'SAVEPOINT a', many(1), 'SAVEPOINT b', many(1))).toBe('MY003')
    }
    expect(await outcome(askers.service, many(1001))).toBe('works')
  })

  it('gives people no way to a position', async () => {
    for (const asker of people) {
      for (const sql of [
        "SELECT nextval('outbox_position')",
        "SELECT currval('outbox_position')",
        "SELECT setval('outbox_position', 1)",
        'SELECT last_value FROM outbox_position',
        `${row({})} RETURNING position`,
        `${row({})} RETURNING id`,
        `${row({})} ON CONFLICT (partition, position) DO UPDATE SET attempts = 1`,
        'COPY outbox TO STDOUT',
        'TRUNCATE outbox',
        'LOCK TABLE outbox IN EXCLUSIVE MODE',
        'SELECT outbox_place()',
        'SELECT outbox_bound()',
        'SELECT purge_commit_marks()',
        'ALTER TABLE outbox DISABLE TRIGGER ALL',
      ]) {
        expect(await outcome(asker, sql), sql).toMatch(/^(42501|55000)$/)
      }
    }
  })

  it('lets a person mark one commit a transaction, and give up a hundred marks', async () => {
    const mark = (): string => `SELECT commit_mark('${randomUUID()}')`
    const ask = (): string => `SELECT commit_outcome('${randomUUID()}')`
    for (const asker of people) {
      expect(await outcome(asker, mark())).toBe('works')
      expect(await outcome(asker, mark(), mark())).toBe('23505')
      expect(await outcome(asker, ...Array.from({ length: 100 }, ask))).toBe('works')
      expect(await outcome(asker, ...Array.from({ length: 101 }, ask))).toBe('MY005')
    }
    expect(await outcome(askers.service, mark(), mark(), ...Array.from({ length: 101 }, ask))).toBe('works')
    const id = randomUUID()
    const [told] = await as(askers.user, `SELECT commit_outcome('${id}')`, `SELECT commit_outcome('${id}') AS outcome`)
    expect(told).toEqual({ outcome: 'rolled_back' })
    expect(await outcome(askers.user, `SELECT commit_outcome('${id}')`, `SELECT commit_mark('${id}')`)).toBe('23505')
  })
})
