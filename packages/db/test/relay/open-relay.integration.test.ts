import { randomUUID } from 'node:crypto'
import {
  createTestDatabase,
  dynamodbEndpoint,
  patience,
  sql,
  type TestDatabase,
  tablePrefix,
  until,
} from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { DatabaseContext, defineEffects, effect } from '../../src/index.js'

const definitions = defineEffects({
  note: effect<{ readonly text: string }>({
    from: ['user'],
    allow: (_actor, { text }) => text !== 'forbidden',
    parse: (payload) => ({ text: String((payload as { text: string }).text.toString()) }),
  }),
})

let database: TestDatabase
let env: Record<string, string>
const userId = randomUUID()
beforeAll(async () => {
  database = await createTestDatabase()
  env = {
    DATABASE_URL: database.databaseUrl,
    SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
    SERVICE_DIRECT_DATABASE_URL: database.serviceDatabaseUrl,
    DYNAMODB_ENDPOINT: dynamodbEndpoint(),
    DYNAMODB_TABLE_PREFIX: tablePrefix(),
    ...patience,
    DB_MIN_CONNECTIONS: '0',
  }
  await using db = await DatabaseContext.fromEnv({ env })
  await db.dynamodb.tables.apply()
  await sql(database.directDatabaseUrl, `INSERT INTO outbox_topics VALUES ('note', ARRAY['user'])`)
})
afterAll(() => database.drop())

const recently = { from: new Date(Date.now() - 3_600_000) }
const open = () => DatabaseContext.fromEnv({ env, effects: definitions })
const waiting = () => sql(database.directDatabaseUrl, 'SELECT FROM outbox')

describe('db.relay', () => {
  it('carries out what transactions of its own process and of others leave, and closes with the context', async () => {
    const db = await open()
    await using other = await open()
    const heard: unknown[] = []
    const relay = db.relay({
      effects: { note: { handle: async ({ text }, { actor, key }) => void heard.push({ text, actor, key }) } },
    })
    const emit = (from: typeof db, text: string) =>
      from.as({ userId }).transaction(async (_tx, { outbox }) => {
        outbox.emit('note', { text }, { key: 'k' })
        outbox.events.append({ eventType: 'noted', userId, data: { text } })
      })
    await emit(db, 'own')
    await emit(other, 'others')
    await db.asService().transaction(async (_tx, { outbox }) => {
      outbox.messages.enqueue({ recipient: 'r', messageType: 'ping', payload: { n: 1n } })
      outbox.events.append({ eventType: 'served', data: { n: 2n } })
    })
    await until(async () => (await waiting()).length === 0)
    expect(heard).toEqual([
      { text: 'own', actor: { userId }, key: `user:${userId}:k` },
      { text: 'others', actor: { userId }, key: `user:${userId}:k` },
    ])
    const { events, messages } = db.dynamodb
    expect((await events.byType('noted', recently)).items.map(({ userId: of }) => of)).toEqual([userId, userId])
    expect((await events.byType('served', recently)).items).toMatchObject([{ data: { n: 2 } }])
    expect((await messages.undelivered('r')).items).toHaveLength(1)
    expect(relay.stats().topics['events.append']).toMatchObject({ delivered: 3, dead: 0 })
    expect(await db.close()).toEqual({ drained: true })
    expect(await sql(database.directDatabaseUrl, 'SELECT FROM outbox_partitions WHERE holder IS NOT NULL')).toEqual([])
  })

  it('is woken by a commit of its own process and by word of others, without polling', async () => {
    await using db = await open()
    await using other = await open()
    let commits = 0
    const latencies: number[] = []
    let committedAt = 0
    const relay = db.relay({
      effects: { note: { handle: async () => void latencies.push(performance.now() - committedAt) } },
    })
    await until(async () => relay.stats().partitions === 16)
    for (const from of [db, other, db, other]) {
      // Longer than it is busy for, so that it looks once a second.
      await new Promise((resolve) => setTimeout(resolve, 1300))
      await from.as({ userId }).transaction(async (_tx, { outbox }) => void outbox.emit('note', { text: 'x' }))
      committedAt = performance.now()
      commits += 1
      await until(async () => latencies.length === commits)
    }
    // By polling it would take half a second on average.
    expect(Math.min(...latencies)).toBeLessThan(400)
  })

  it('refuses what a person wrote past the checks of the call', async () => {
    await using db = await open()
    const stranger = randomUUID()
    const person = db.as({ userId })
    const write = (topic: string, payload: object) =>
      person.query('INSERT INTO outbox (id, topic, payload) VALUES ($1, $2, $3)', [
        randomUUID(),
        topic,
        JSON.stringify(payload),
      ])
    await write('events.append', { eventType: 'forged', userId: stranger })
    await write('note', { text: 'forbidden' })
    await write('note', { none: 1 })
    const kept = (
      await db
        .asService()
        .transaction(async (_tx, { outbox }) => outbox.events.append({ eventType: 'kept', data: { of: 'service' } }))
    ).id
    const forge = {
      eventType: 'kept',
      userId,
      data: { of: 'forger' },
      isOwn: true,
      writtenAt: new Date().toISOString(),
    }
    const seen: string[] = []
    const relay = db.relay({ effects: { note: { handle: async ({ text }) => void seen.push(text) } } })
    expect(await relay.drain()).toEqual({ drained: true })
    await person.query('INSERT INTO outbox (id, topic, payload) VALUES ($1, $2, $3)', [
      kept,
      'events.append',
      JSON.stringify(forge),
    ])
    expect(await relay.drain()).toEqual({ drained: true })
    expect(seen).toEqual([])
    const dead = await sql<{ last_error: string }>(
      database.directDatabaseUrl,
      'SELECT last_error FROM outbox_dead ORDER BY position',
    )
    expect(dead.map(({ last_error }) => last_error.split(':')[0])).toEqual([
      'db.outbox.not_allowed',
      'db.outbox.not_allowed',
      'db.outbox.permanent',
    ])
    expect((await db.dynamodb.events.byType('forged', recently)).items).toEqual([])
    expect((await db.dynamodb.events.byType('kept', recently)).items).toMatchObject([{ data: { of: 'service' } }])
  })

  it('is cut short by a second close() that waits less', async () => {
    const db = await open()
    let isHandling = false
    const handle = (_payload: object, { signal }: { readonly signal: AbortSignal }): Promise<void> =>
      new Promise((_resolve, reject) => {
        isHandling = true
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    db.relay({ effects: { note: { handle, timeoutMs: 600_000 } } })
    await db.as({ userId }).transaction(async (_tx, { outbox }) => void outbox.emit('note', { text: 'x' }))
    await until(async () => isHandling)
    const closed = db.close(600_000)
    void db.close(0)
    expect(await closed).toEqual({ drained: false })
    await sql(database.directDatabaseUrl, 'DELETE FROM outbox')
  })

  it('is no concern of the context any more once it has closed', async () => {
    const db = await open()
    const relay = db.relay()
    const consumer = db.streams.consume('none', { from: 'events', handle: async () => {} })
    await Promise.all([relay.close(), consumer.close()])
    const closes = [vi.spyOn(relay, 'close'), vi.spyOn(consumer, 'close')]
    const running = vi.spyOn(db.relay(), 'close')
    await db.close()
    for (const close of closes) expect(close).not.toHaveBeenCalled()
    expect(running).toHaveBeenCalled()
  })

  it('needs the service', async () => {
    const { SERVICE_DATABASE_URL: _, SERVICE_DIRECT_DATABASE_URL: __, ...without } = env
    await using db = await DatabaseContext.fromEnv({ env: without })
    expect(() => db.relay()).toThrow(/SERVICE_DATABASE_URL/)
    await using whole = await open()
    expect(() => whole.relay({ leaseMs: 1 })).toThrow(/leaseMs/)
  })
})
