import { randomUUID } from 'node:crypto'
import { createPostgres, parsePostgresSettings } from '@miyabi/postgres'
import {
  createTestDatabase,
  dynamodbEndpoint,
  patience,
  sql,
  type TestDatabase,
  tablePrefix,
  until,
} from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DatabaseContext, lastBackupDrill, restoreToResume } from '../src/index.js'
import { Leases } from '../src/relay/leases.js'
import { Checkpoints } from '../src/streams/checkpoints.js'
import { observe } from '../src/telemetry/index.js'

let database: TestDatabase
let db: DatabaseContext
beforeAll(async () => {
  database = await createTestDatabase()
  const env = {
    DATABASE_URL: database.databaseUrl,
    SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
    DYNAMODB_ENDPOINT: dynamodbEndpoint(),
    DYNAMODB_TABLE_PREFIX: tablePrefix(),
    ...patience,
    DB_MIN_CONNECTIONS: '0',
  }
  db = await DatabaseContext.fromEnv({ env })
  await db.dynamodb.tables.apply()
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

const asOwner = (text: string) => sql(database.directDatabaseUrl, text)

it('lets neither a relay nor a consumer work on a restored store until it is resumed', async () => {
  expect(await restoreToResume(db.asService())).toBeUndefined()
  await asOwner(`INSERT INTO restores (backup_id, cut, row_count, item_count, outbox_until, erasures)
                 VALUES ('b1', now(), 1, 1, 1, 'applied')`)
  await db.asService().transaction(async (_tx, { outbox }) => void outbox.events.append({ eventType: 'a', data: {} }))
  const seen: string[] = []
  const relay = db.relay({ leaseMs: 1000 })
  const consumer = db.streams.consume('waiting', {
    from: 'events',
    handle: async (changes) => void seen.push(...changes.map(({ kind }) => kind)),
  })
  await until(async () => relay.stats().waitsForResume && consumer.stats().failing?.code === 'db.not_resumed')
  expect(relay.stats().partitions).toBe(0)
  expect(consumer.stats()).toMatchObject({ shards: 0, failing: { reason: expect.stringContaining('backup b1') } })
  expect(await restoreToResume(db.asService())).toMatchObject({
    code: 'db.not_resumed',
    effect: 'none',
    message: expect.stringContaining('db:backup resume'),
  })
  expect(await asOwner('SELECT FROM outbox')).toHaveLength(1)
  expect(await asOwner('SELECT FROM stream_shards')).toEqual([])

  await asOwner('UPDATE restores SET resumed_at = now()')
  await until(async () => (await asOwner('SELECT FROM outbox')).length === 0 && seen.length > 0)
  expect(seen).toEqual(['insert'])
  expect(relay.stats().waitsForResume).toBe(false)
  expect(consumer.stats().failing).toBeUndefined()
  await Promise.all([relay.close(), consumer.close()])
})

it('gives no lease to who is running already', async () => {
  const { databaseUrl: DATABASE_URL, serviceDatabaseUrl: SERVICE_DATABASE_URL } = database
  await using service = createPostgres(parsePostgresSettings({ DATABASE_URL, SERVICE_DATABASE_URL }), {
    role: 'service',
  })
  const ask = async <Row extends object>(text: string, values: readonly unknown[]) =>
    (await service.query<Row>(text, values)).rows
  const checkpoints = new Checkpoints(service, { consumer: 'running', holder: randomUUID(), leaseMs: 1000 })
  await checkpoints.add([{ stream: 's', shard: 'a', parent: undefined, gap: undefined }], 'oldest')
  const leases = new Leases(ask, randomUUID(), 60_000)
  await asOwner(`INSERT INTO restores (backup_id, cut, row_count, item_count, outbox_until, erasures)
                 VALUES ('b2', now(), 1, 1, 1, 'applied')`)
  await leases.renew(() => true)
  expect([leases.held.size, await checkpoints.lease()]).toEqual([0, undefined])
  await asOwner('UPDATE restores SET resumed_at = now()')
  await leases.renew(() => true)
  expect([leases.held.size, await checkpoints.lease()]).toEqual([16, expect.objectContaining({ shard: 'a' })])
  await leases.release()
})

it('tells the last drill, and when one was last good, as metrics, too', async () => {
  expect(await lastBackupDrill(db.asService())).toBeUndefined()
  await asOwner(`INSERT INTO backup_drills (at, backup_id, cut, equal, differences, loss_ms, duration_ms) VALUES
    (now() - interval '2 days', 'b1', now(), true, '{}', 1, 1),
    (now() - interval '1 day', 'b2', now(), false, '{"table users: 1 row less"}', 90000, 1500)`)
  const drill = await lastBackupDrill(db.asService())
  expect(drill).toMatchObject({ backup: 'b2', equal: false, lossMs: 90_000, durationMs: 1500 })
  using telemetry = observe(db)
  const text = await telemetry.prometheus()
  const value = (name: string) => Number(new RegExp(`^miyabi_backup_drill_${name} (\\S+)$`, 'm').exec(text)?.[1])
  expect(value('equal')).toBe(0)
  expect(value('loss_seconds')).toBe(90)
  expect(value('duration_seconds')).toBe(1.5)
  expect(Math.round(value('age_seconds') / 86_400)).toBe(2)
})
