import type { KeyObject } from 'node:crypto'
import { DatabaseContext, lastBackupDrill } from '@miyabi/db'
import type { Change, StoredEvent } from '@miyabi/dynamo'
import { catalogDump } from '@miyabi/migrate'
import { until } from '@miyabi/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { itemLine } from '../src/format/item-line.js'
import type { Manifest } from '../src/format/manifest.js'
import { type BackupTarget, drillBackup, recordDrill, restoreBackup, resumeStore } from '../src/index.js'
import { scanItems } from '../src/restore/dynamo/scan-items.js'
import { backUp } from './by-hand.js'
import { migrations, openStore, rowsOf, type Store } from './store.js'
import { newKey, testFolder } from './written-backup.js'

const folder = testFolder()
const key = newKey()
let target: BackupTarget
let source: Store
let backup: Manifest

const FILL = `
  INSERT INTO users (email) SELECT 'u' || i || '@example.com' FROM generate_series(1, 20) AS i;
  INSERT INTO plugins (id, name, display_name, source, version, tier, updated_at)
  SELECT 'p' || i, 'p' || i, E'tab\\t, line\\n, \\\\ and \\u3042', 'github:a/b', '1.0.0', 'pro', '2020-01-01Z' FROM generate_series(1, 3) AS i;
  INSERT INTO plugin_reviews (plugin_id, user_id, rating) SELECT 'p1', id, 4 FROM users;
  UPDATE plugins SET rating = 1.5 WHERE id = 'p1'; -- not what the trigger would say
  INSERT INTO usage_events (user_id, plugin_id, event_type, event_data) SELECT id, 'p2', 'command_used', '{"a": "\\\\n"}' FROM users;
  INSERT INTO outbox (id, topic, payload, key) SELECT gen_random_uuid(), 'events.append', '{}', 'k' || i FROM generate_series(1, 3) AS i;
  DELETE FROM outbox WHERE key = 'k3';
  SELECT parts.add_month('public.logs', '2027-06-01'); -- a month that no new database has
  INSERT INTO logs (id, level, message, created_at) VALUES ('01a62045-2000-7000-8000-000000000001', 'info', 'later', '2027-06-15Z');
  INSERT INTO commit_marks (id, given_up, actor_kind, transaction_id) VALUES (gen_random_uuid(), false, 'user', 7);
  INSERT INTO stream_shards (consumer, stream, shard, generation, record_at, sequence)
  VALUES ('usage', 'arn:aws:dynamodb:a:1:table/MiyabiEvents/stream/1', 's', 1, now() + interval '1 minute', '5');`

beforeAll(async () => {
  target = await folder.open()
  source = await openStore({ tables: true })
  await source.sql(FILL)
  await source.dynamo.events.appendMany(
    Array.from({ length: 60 }, (_, n) => ({
      eventType: 'a',
      userId: `u${n % 3}`,
      data: { n, big: 2n ** 80n, bytes: Uint8Array.of(n) },
    })),
  )
  await source.dynamo.agentState.save({ agentId: 'x', status: 'running', progress: 1, expectedVersion: 0 })
  backup = await backUp(target, source, undefined, key)
})
afterAll(async () => {
  await source[Symbol.asyncDispose]()
  folder.remove()
})

const restore = (into: Store, id = backup.id, opened: { readonly key?: KeyObject } = { key }) =>
  restoreBackup({ ...into.place, target, backup: id, erase: 'without', ...opened })

async function catalogOf({ database }: Store) {
  const client = new pg.Client({ connectionString: database.directDatabaseUrl })
  await client.connect()
  try {
    return await catalogDump(client)
  } finally {
    await client.end()
  }
}

async function itemsOf({ dynamo, prefix }: Store, name: string): Promise<string[]> {
  const lines: string[] = []
  const { signal } = new AbortController()
  await scanItems(dynamo.client, prefix + name, { signal, onItem: (item) => lines.push(itemLine(item)) })
  return lines.sort()
}

/** What holds for the servers of before, and is another here. */
const SETTLED = ['outbox_partitions', 'commit_marks', 'stream_shards', 'restores']

describe('a restore', () => {
  it('restores both stores from an encrypted backup, and blocks relays and consumers until it is resumed', async () => {
    await using into = await openStore()
    const before = await catalogOf(into)
    await expect(restore(into, backup.id, {})).rejects.toMatchObject({ code: 'backup.key_missing' })
    await expect(restore(into, backup.id, { key: newKey() })).rejects.toMatchObject({ code: 'backup.key_wrong' })
    const restored = await restore(into)
    expect(await rowsOf(into, SETTLED)).toEqual(await rowsOf(source, SETTLED))
    expect(await catalogOf(into)).toEqual(before)
    for (const { name } of backup.dynamodb.tables)
      expect(await itemsOf(into, name)).toEqual(await itemsOf(source, name))
    expect(restored).toMatchObject({
      backup: backup.id,
      items: 62,
      told: 0, // the consumer had counted all
      outbox: [{ topic: 'events.append', rows: 2 }],
      migrated: [],
      erasures: 'without',
    })
    expect(restored.rows).toBe(backup.postgres.tables.reduce((sum, { rows }) => sum + rows, 0))
    const [next] = await into.sql<{ position: string }>(`SELECT nextval('outbox_position') AS position`)
    expect(next?.position).toBe('4')
    expect(await into.sql('SELECT FROM outbox_partitions WHERE holder IS NULL')).toHaveLength(16)
    expect(await into.sql('SELECT FROM commit_marks')).toEqual([])
    expect(await into.sql('SELECT FROM stream_shards')).toEqual([])

    await expect(resumeStore({ ...into.place, erase: 'without' })).rejects.toMatchObject({
      code: 'backup.outbox_undecided',
      message: expect.stringContaining('events.append: 2'),
    })
    await into.sql(`INSERT INTO outbox (id, topic, payload) VALUES (gen_random_uuid(), 'later', '{}')`)
    expect(await resumeStore({ ...into.place, outbox: 'discard', erase: 'without' })).toMatchObject({
      backups: [backup.id],
      outboxIs: 'discarded',
    })
    expect(await into.sql('SELECT topic FROM outbox')).toEqual([{ topic: 'later' }])
    await expect(resumeStore({ ...into.place, erase: 'without' })).rejects.toMatchObject({
      code: 'backup.nothing_to_resume',
    })

    await using db = await DatabaseContext.fromEnv({ env: into.env })
    await db.dynamodb.events.append({ eventType: 'new', data: {} })
    const told: string[] = []
    const handle = async (changes: readonly Change<StoredEvent>[]): Promise<void> => {
      for (const change of changes) if (change.kind === 'insert') told.push(change.next.eventType)
    }
    await using _usage = db.streams.consume('usage', { from: 'events', handle })
    await using _first = db.streams.consume('seen-here-first', { from: 'events', handle })
    await until(async () => told.length >= 2)
    expect(told).toEqual(['new', 'new'])
  })

  it('is refused if there is data, names all of it, and changes nothing', async () => {
    await using into = await openStore({ tables: true })
    await into.sql(`INSERT INTO users (email) VALUES ('a@example.com')`)
    await into.dynamo.events.append({ eventType: 'a', data: {} })
    const before = [await rowsOf(into), await itemsOf(into, 'MiyabiEvents'), await catalogOf(into)]
    await expect(restore(into)).rejects.toMatchObject({
      code: 'backup.not_empty',
      effect: 'none',
      details: { found: ['public.users (1 row)', `DynamoDB ${into.prefix}MiyabiEvents (items)`] },
    })
    expect([await rowsOf(into), await itemsOf(into, 'MiyabiEvents'), await catalogOf(into)]).toEqual(before)
  })

  it('leaves the database empty if a file is damaged, and names the file', async () => {
    const damagedBackup = await backUp(target, source, (manifest) => ({
      ...manifest,
      files: manifest.files.map((file) =>
        file.name.includes('usage_events') ? { ...file, sha256: '0'.repeat(64) } : file,
      ),
    }))
    await using into = await openStore()
    const before = await rowsOf(into)
    await expect(restore(into, damagedBackup.id, {})).rejects.toMatchObject({
      code: 'backup.damaged',
      details: { file: expect.stringContaining('usage_events') },
    })
    expect(await rowsOf(into)).toEqual(before)
    await expect(restore(into)).rejects.toMatchObject({ code: 'backup.other_unfinished' })
  })

  it('brings a backup of an older schema up to this release, into a database without a table', async () => {
    await using old = await openStore({ tables: true })
    const newest = migrations.at(-1)
    await old.sql(newest?.down ?? '')
    await old.sql('DELETE FROM _prisma_migrations WHERE migration_name = $1', [newest?.name])
    await old.sql(`INSERT INTO users (email) VALUES ('old@example.com')`)
    const older = await backUp(target, old)
    await using into = await openStore({ empty: true })
    const restored = await restore(into, older.id, {})
    expect(restored.migrated).toEqual([migrations.at(-1)?.name])
    expect(await into.sql('SELECT email FROM users')).toEqual([{ email: 'old@example.com' }])
    expect(await into.sql('SELECT backup_id FROM restores WHERE resumed_at IS NULL')).toEqual([{ backup_id: older.id }])
    expect(await catalogOf(into)).toEqual(await catalogOf(source))

    await using ahead = await openStore()
    await expect(restore(ahead, older.id, {})).rejects.toMatchObject({
      code: 'backup.history_ahead',
      details: { migrations: restored.migrated },
    })
  })

  it('refuses a backup of a newer schema, and one of other migrations', async () => {
    const changed = (change: (list: Manifest['schema']['migrations']) => Manifest['schema']['migrations']) =>
      backUp(target, source, (m) => ({ ...m, schema: { ...m.schema, migrations: change(m.schema.migrations) } }))
    const newer = await changed((list) => [...list, { name: '20991231000000_later', checksum: 'x' }])
    const edited = await changed((list) => list.map((one, n) => (n === 3 ? { ...one, checksum: 'x' } : one)))
    await using into = await openStore()
    await expect(restore(into, newer.id, {})).rejects.toMatchObject({
      code: 'backup.newer',
      details: { migrations: ['20991231000000_later'] },
    })
    await expect(restore(into, edited.id, {})).rejects.toMatchObject({
      code: 'backup.history_differs',
      details: { migrations: [migrations[3]?.name] },
    })
  })
})

describe('a drill', () => {
  it('names exactly what differs, and records the result in the store', async () => {
    const bad = await backUp(target, source, (manifest) => ({
      ...manifest,
      postgres: {
        tables: manifest.postgres.tables.map((one) =>
          one.table === 'users' ? { ...one, hash: '0123456789abcdef' } : one,
        ),
        sequences: manifest.postgres.sequences.map((one) => ({ ...one, value: '77', isCalled: true })),
      },
    }))
    const drilled = await drillBackup({ target, backup: bad.id, migrations })
    expect(drilled).toMatchObject({
      backup: bad.id,
      equal: false,
      differences: ['public.users: rows differ from those backed up'],
      rows: bad.postgres.tables.reduce((sum, { rows }) => sum + rows, 0),
      items: 62,
      expired: 0,
    })
    // Beyond those of the server's own catalog, which are some 160 and 110.
    expect(drilled.indexes).toBeGreaterThan(300)
    expect(drilled.heaps).toBeGreaterThan(200)
    expect(Math.abs(drilled.lossMs - (Date.now() - Date.parse(bad.cut.at)))).toBeLessThan(60_000)
    await recordDrill(source.place.database, drilled)
    await using db = await DatabaseContext.fromEnv({ env: source.env })
    expect(await lastBackupDrill(db.asService())).toMatchObject({
      backup: bad.id,
      equal: false,
      lastGoodAt: undefined,
    })
  })
})
