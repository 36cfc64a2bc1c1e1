import { createIdSource } from '@miyabi/dynamo'
import { until } from '@miyabi/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PermanentEffectError } from '../../src/relay/errors.js'
import { BACKLOG, PARTITIONS } from '../../src/relay/statements.js'
import { OutboxWorld } from './world.js'

let world: OutboxWorld
beforeAll(async () => {
  world = await OutboxWorld.open()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.sql('TRUNCATE outbox, outbox_dead'))
afterEach(() => expect(world.failures).toEqual([]))

const ids = createIdSource()
const GRACE_MS = 60_000

describe('a relay', () => {
  it('carries out what is committed: events, messages, agent states, and effects of the application', async () => {
    const heard: unknown[] = []
    const relay = world.relay({
      'webhook.deliver': {
        handle: async (payload, { id, attempt, key }) => void heard.push({ payload, id, attempt, key }),
      },
    })
    const [event, message, state, hook] = await world.write([
      { id: ids.next(), topic: 'events.append', payload: { eventType: 'webhook', userId: 'u', data: { n: 1 } } },
      { topic: 'messages.enqueue', key: 'r', payload: { recipient: 'r', messageType: 'ping', payload: { n: 1 } } },
      {
        topic: 'agentState.save',
        key: 'a',
        payload: { agentId: 'a', status: 'running', stateData: {}, at: Date.now() },
      },
      { topic: 'webhook.deliver', key: 'k', payload: { body: 'b' } },
    ])
    relay.wake()
    expect(await relay.drain(GRACE_MS)).toEqual({ drained: true })
    expect(await world.rows()).toEqual([])
    const { events, messages, agentState } = world.db.dynamodb
    expect(await events.get('webhook', event ?? '')).toMatchObject({ userId: 'u', data: { n: 1 } })
    expect((await messages.undelivered('r')).items).toMatchObject([{ payload: { n: 1 } }])
    expect(await agentState.current('a')).toMatchObject({ status: 'running' })
    expect(heard).toEqual([{ payload: { body: 'b' }, id: hook, attempt: 1, key: 'k' }])
    expect([message, state].every(Boolean)).toBe(true)
    expect(relay.stats().topics['webhook.deliver']).toEqual({ delivered: 1, failed: 0, dead: 0, redelivered: 0 })
    expect(await relay.close(GRACE_MS)).toEqual({ drained: true })
    expect(await world.sql('SELECT FROM outbox_partitions WHERE holder IS NOT NULL')).toEqual([])
  })

  it('keeps the order of each key, with several keys at a time, and many events without one in batches', async () => {
    const order = new Map<string, number[]>()
    let most = 0
    let now = 0
    const relay = world.relay({
      x: {
        handle: async ({ n }: { n: number }, { key = '' }) => {
          most = Math.max(most, ++now)
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
          now -= 1
          order.set(key, [...(order.get(key) ?? []), n])
        },
      },
    })
    const keyed = Array.from({ length: 300 }, (_, n) => ({ topic: 'x', key: `k${n % 10}`, payload: { n } }))
    const events = Array.from({ length: 300 }, () => ({
      id: ids.next(),
      topic: 'events.append',
      payload: { eventType: 'many', data: {}, isOwn: true },
    }))
    await world.write([...keyed, ...events])
    const before = writes(world)
    relay.wake()
    expect(await relay.drain(GRACE_MS)).toEqual({ drained: true })
    await relay.close(GRACE_MS)
    expect(order.size).toBe(10)
    for (const numbers of order.values()) expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    expect([...order.values()].flat()).toHaveLength(300)
    expect(most).toBeGreaterThan(5)
    expect(writes(world) - before).toBeLessThan(60)
    expect(
      (await world.db.dynamodb.events.byType('many', { limit: 1000, from: new Date(Date.now() - 3_600_000) })).items,
    ).toHaveLength(300)
  })

  it('tries again what fails, in order, then lays it aside, while other keys go on', async () => {
    const seen: string[] = []
    const relay = world.relay({
      x: {
        attempts: 3,
        handle: async ({ name }: { name: string }, { attempt }) => {
          seen.push(`${name}${attempt}`)
          if (name === 'poison') throw new Error('postgresql://u:secret@host/db is no')
          if (name === 'permanent') throw new PermanentEffectError('never')
        },
      },
    })
    await world.write([
      { topic: 'x', key: 'a', payload: { name: 'poison' } },
      { topic: 'x', key: 'a', payload: { name: 'behind' } },
      { topic: 'x', key: 'b', payload: { name: 'permanent' } },
      { topic: 'x', key: 'b', payload: { name: 'after' } },
      ...Array.from({ length: 20 }, (_, n) => ({ topic: 'x', key: `o${n}`, payload: { name: 'other' } })),
    ])
    relay.wake()
    await until(async () => seen.includes('behind1'))
    expect(seen.filter((name) => name === 'other1')).toHaveLength(20)
    expect(seen.filter((name) => !name.startsWith('other'))).toEqual(
      expect.arrayContaining(['poison1', 'poison2', 'poison3', 'behind1', 'permanent1', 'after1']),
    )
    expect(seen.indexOf('behind1')).toBeGreaterThan(seen.indexOf('poison3'))
    expect(seen.indexOf('poison2')).toBeGreaterThan(seen.indexOf('other1'))
    expect(await relay.drain(GRACE_MS)).toEqual({ drained: true })
    const dead = await world.dead()
    expect(dead.map(({ attempts }) => attempts)).toEqual([3, 1])
    expect(dead[0]?.last_error).not.toContain('secret')
    expect(dead[1]?.last_error).toBe('db.outbox.permanent: never')
    expect(relay.stats().topics['x']).toMatchObject({ dead: 2, failed: 4 })
    await relay.close(GRACE_MS)
  })

  it('leaves what it does not know to a relay that does, with what comes behind it under its key', async () => {
    const seen: string[] = []
    const handle = async ({ name }: { name: string }) => void seen.push(name)
    const old = world.relay({ x: { handle } })
    await world.write([
      { topic: 'x', key: 'k', version: 2, payload: { name: 'new' } },
      { topic: 'x', key: 'k', payload: { name: 'behind' } },
      { topic: 'x', key: 'l', payload: { name: 'known' } },
    ])
    await until(async () => seen.length > 0 && (await world.rows()).some(({ attempts }) => attempts > 0))
    expect(seen).toEqual(['known'])
    expect(old.stats().unknown).toEqual({ 'x@2': 1 })
    await old.close(GRACE_MS)
    await world.sql('UPDATE outbox SET due_at = now() WHERE attempts > 0')
    const target = { attempts: 1, timeoutMs: 1000, isBatched: false, judge: () => ({ kind: 'permanent' }) as const }
    const next = world.relay(
      {},
      {
        world: {
          find: () => ({ ...target, deliver: ({ payload }) => handle(JSON.parse(payload) as { name: string }) }),
        },
      },
    )
    expect(await next.drain(GRACE_MS)).toEqual({ drained: true })
    await next.close(GRACE_MS)
    expect(seen).toEqual(['known', 'new', 'behind'])
  })

  it('tells for how long rows have been due that nobody has attempted: not those for later, nor behind a failed one', async () => {
    const hour = 3_600_000
    await world.write([
      { topic: 'x', key: 'later', waitMs: hour },
      { topic: 'x', key: 'failed', waitMs: -2 * hour },
      { topic: 'x', key: 'failed', waitMs: -2 * hour },
    ])
    await world.sql(
      `UPDATE outbox SET attempts = 1 WHERE position = (SELECT min(position) FROM outbox WHERE key = 'failed')`,
    )
    const partitions = Array.from({ length: PARTITIONS }, (_, n) => n)
    const look = (floor: number) => world.ask(BACKLOG, [partitions, partitions.map(() => floor), 10_000])
    expect(await look(0)).toEqual([{ depth: 3, lag_ms: 0 }])
    await world.write([{ topic: 'x', key: 'later', waitMs: -hour }])
    const [seen] = (await look(0)) as { depth: number; lag_ms: number }[]
    expect(seen?.depth).toBe(4)
    expect(seen?.lag_ms).toBeGreaterThanOrEqual(hour)
    expect(seen?.lag_ms).toBeLessThan(2 * hour)
  })

  it('waits for what is not due yet, which holds back nothing', async () => {
    const seen: string[] = []
    const relay = world.relay({ x: { handle: async ({ name }: { name: string }) => void seen.push(name) } })
    await world.write([
      { topic: 'x', key: 'k', waitMs: 1500, payload: { name: 'later' } },
      { topic: 'x', key: 'k', payload: { name: 'now' } },
    ])
    await until(async () => seen.length === 2)
    expect(seen).toEqual(['now', 'later'])
    await relay.close(GRACE_MS)
  })

  it('is not held up by an effect that hangs, and ends it after its time', async () => {
    let aborted: unknown
    const seen: string[] = []
    const relay = world.relay({
      slow: {
        timeoutMs: 1500,
        attempts: 1,
        handle: (_payload, { signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              aborted = signal.reason
              reject(signal.reason as Error)
            })
          }),
      },
      x: { handle: async ({ name }: { name: string }) => void seen.push(name) },
    })
    await world.write([
      { topic: 'slow', key: 'k' },
      { topic: 'x', payload: { name: 'first' } },
    ])
    await until(async () => seen.length === 1)
    await world.write([{ topic: 'x', payload: { name: 'second' } }])
    await until(async () => seen.length === 2)
    expect(aborted).toBeUndefined()
    await until(async () => (await world.dead()).length === 1)
    expect((await world.dead())[0]?.last_error).toMatch(/^db\.outbox\.timeout/)
    await relay.close(GRACE_MS)
  })
})

const writes = (of: OutboxWorld): number =>
  of.db.dynamodb
    .stats()
    .capacity.reduce((sum, { operation, requests }) => sum + (/Put|Write/.test(operation) ? requests : 0), 0)
