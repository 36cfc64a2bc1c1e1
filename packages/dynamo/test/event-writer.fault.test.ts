import {
  type DynamoFault,
  type DynamoProxy,
  type DynamoRequest,
  dynamodbEndpoint,
  startDynamoProxy,
} from '@miyabi/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Dynamo } from '../src/dynamo.js'
import { DynamoInputError, DynamoValueError, PayloadTooLargeError } from '../src/errors/errors.js'
import { EventWriterError } from '../src/events/errors.js'
import type { NewEvent } from '../src/events/event.js'
import type { DynamoSettings } from '../src/settings/config.js'
import { rejection, sharedDynamo } from './support.js'

const LONG = process.env['MIYABI_TEST_LONG'] === '1'

let decide: (request: DynamoRequest) => DynamoFault
let proxy: DynamoProxy
let open: Dynamo[] = []
/** Whose the events of a test are. */
let user = ''
let users = 0

beforeEach(async () => {
  user = `u${++users}`
  decide = () => 'pass'
  proxy = await startDynamoProxy(dynamodbEndpoint(), (request) => decide(request))
})
afterEach(async () => {
  decide = () => 'pass'
  for (const dynamo of open) await dynamo.close()
  open = []
  await proxy.close()
})

async function behindProxy(settings: Partial<DynamoSettings> = {}): Promise<Dynamo> {
  const dynamo = await sharedDynamo({ endpoint: proxy.endpoint, initialBackoffMs: 5, maxBackoffMs: 50, ...settings })
  open.push(dynamo)
  return dynamo
}

const event = (n: number | string): NewEvent => ({ eventType: 'written', userId: user, data: { n } })

/** The numbers of all events stored, in order. */
async function stored(dynamo: Dynamo): Promise<unknown[]> {
  decide = () => 'pass'
  const numbers: unknown[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await dynamo.events.byUser(user, { order: 'asc', limit: 1000, cursor })
    numbers.push(...page.items.map(({ data }) => data['n']))
    if (page.cursor === undefined) return numbers
    cursor = page.cursor
  }
}

/** How many items each request had. */
const sizes = (): number[] => proxy.requests.map(({ body }) => body.split('PutRequest').length - 1)

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

/** The answer of a write that nothing was heard of. */
const overloaded: DynamoFault = { error: 'ProvisionedThroughputExceededException' }

describe('an event writer', () => {
  it('puts events appended in one tick into batches of 25, and returns each caller its own id', async () => {
    const dynamo = await behindProxy()
    const writer = dynamo.events.writer()
    const results = await Promise.all(numbers(60).map((n) => writer.append(event(n))))
    expect(sizes().sort((a, b) => b - a)).toEqual([25, 25, 10])
    expect(writer.pending).toBe(0)
    for (const n of [0, 59]) {
      expect((await dynamo.events.get('written', results[n]?.id ?? ''))?.data).toEqual({ n })
    }
    expect(await stored(dynamo)).toEqual(numbers(60))
  })

  it('keeps batches together when callers append one event after another', async () => {
    const dynamo = await behindProxy()
    const writer = dynamo.events.writer()
    await Promise.all(
      numbers(50).map(async (caller) => {
        for (const n of numbers(4)) await writer.append(event(caller * 4 + n))
      }),
    )
    expect(proxy.requests.length).toBeLessThanOrEqual(16)
    expect((await stored(dynamo)).length).toBe(200)
  })

  it('limits the batches in flight', async () => {
    const dynamo = await behindProxy()
    const writer = dynamo.events.writer({ concurrency: 2 })
    decide = () => 'hang'
    const leaving = new AbortController()
    const appends = numbers(100).map((n) => rejection(writer.append(event(n), { signal: leaving.signal })))
    await expect.poll(sizes).toEqual([25, 25])
    await new Promise((resolve) => setTimeout(resolve, 100)) // in which no third one leaves
    expect(sizes()).toEqual([25, 25])
    leaving.abort(new Error('enough'))
    await Promise.all(appends)
  })

  it('refuses an event that cannot be stored before it joins a batch, and only to its caller', async () => {
    const dynamo = await behindProxy()
    const writer = dynamo.events.writer()
    const [good, wrong, large] = await Promise.all([
      writer.append(event(1)),
      rejection(writer.append({ ...event(2), data: { n: Number.NaN } })),
      rejection(writer.append({ ...event(3), data: { n: 'x'.repeat(400_000) } })),
    ])
    expect(good?.id).toBeDefined()
    expect(wrong).toBeInstanceOf(DynamoValueError)
    expect(large).toBeInstanceOf(PayloadTooLargeError)
    expect(sizes()).toEqual([1])
  })

  it('halves a batch that DynamoDB refuses, until the one at fault is alone', async () => {
    const dynamo = await behindProxy()
    const writer = dynamo.events.writer()
    const poison = new Set([3, 17])
    decide = ({ body }) => (body.includes('"poison"') ? { error: 'ValidationException' } : 'pass')
    const results = await Promise.allSettled(
      numbers(25).map((n) => writer.append(poison.has(n) ? { ...event(n), data: { n, poison: 'poison' } } : event(n))),
    )
    const failed = results.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))
    expect(failed).toEqual([...poison])
    for (const n of poison) {
      const result = results[n] as PromiseRejectedResult
      expect(result.reason).toMatchObject({ code: 'dynamo.validation', retryable: false, effect: 'none' })
    }
    expect(proxy.requests.length).toBeLessThan(20)
    expect(await stored(dynamo)).toEqual(numbers(25).filter((n) => !poison.has(n)))
  })

  it('does not halve a batch that is refused regardless of its contents', async () => {
    const dynamo = await behindProxy()
    const writer = dynamo.events.writer()
    decide = () => ({ error: 'ResourceNotFoundException' })
    const errors = await Promise.all(numbers(25).map((n) => rejection(writer.append(event(n)))))
    expect(proxy.requests).toHaveLength(1)
    for (const error of errors) expect(error).toMatchObject({ code: 'dynamo.table_missing', effect: 'none' })
  })

  it('lets no event wait for those of a hot key', async () => {
    const dynamo = await behindProxy({ timeoutMs: 8000, initialBackoffMs: 400, maxBackoffMs: 400 })
    const writer = dynamo.events.writer({ concurrency: 1 })
    decide = () => ({ unprocessed: '"hot"' })
    const hot = rejection(writer.append(event('hot')))
    await new Promise((resolve) => setTimeout(resolve, 50))
    let isOver = false
    void hot.then(() => {
      isOver = true
    })
    for (const n of numbers(5)) await writer.append(event(n))
    expect(isOver).toBe(false)
    expect(await hot).toMatchObject({ code: 'dynamo.deadline', retryable: true }) // a request may be out at that time
    expect(await stored(dynamo)).toEqual(numbers(5))
  })

  it('puts an event that may already be stored alone and once, and answers both callers', async () => {
    const dynamo = await behindProxy()
    const writer = dynamo.events.writer()
    const same = { eventType: 'written', userId: user, occurredAt: new Date(), idempotencyKey: 'k', data: { n: 1 } }
    const [a, b] = await Promise.all([writer.append(same), writer.append(same)])
    expect(a).toEqual(b)
    expect(proxy.requests.map(({ operation }) => operation)).toEqual(['PutItem'])
    expect((await dynamo.events.append(same)).duplicate).toBe(true)
  })

  it('distinguishes two types that share an id', async () => {
    const dynamo = await behindProxy()
    const { id } = await dynamo.events.append(event(0))
    const other = (eventType: string): NewEvent => ({ id, eventType, data: { eventType } })
    const writer = dynamo.events.writer()
    await Promise.all([writer.append(other('a')), writer.append(other('b'))])
    await dynamo.events.appendMany([other('c'), other('d')])
    for (const eventType of ['a', 'b', 'c', 'd']) {
      expect((await dynamo.events.get(eventType, id))?.data).toEqual({ eventType })
    }
  })

  it('loses nothing that it acknowledged, and reports everything else, while a third of the responses fail', {
    timeout: 1_200_000,
  }, async () => {
    const dynamo = await behindProxy({ attemptTimeoutMs: 400, timeoutMs: 5000, maxAttempts: 2 })
    const writer = dynamo.events.writer()
    const faults: DynamoFault[] = [
      overloaded,
      'lose-answer',
      'reset',
      { error: 'InternalServerError', status: 500 },
      'hang',
      { unprocessed: 9 },
    ]
    let turn = 0
    decide = () => (Math.random() < 0.3 ? (faults[turn++ % faults.length] ?? 'pass') : 'pass')
    const count = LONG ? 10_000 : 600
    const acknowledged = new Set<number>()
    let next = 0
    const startedAtMs: number[] = []
    const late: number[] = []
    const caller = async (): Promise<void> => {
      for (let n = next++; n < count; n = next++) {
        startedAtMs[n] = performance.now()
        await writer.append(event(n)).then(
          () => acknowledged.add(n),
          (error: unknown) => expect(error).toMatchObject({ code: 'dynamo.deadline' }),
        )
        if (performance.now() - (startedAtMs[n] ?? 0) > 7000) late.push(n)
      }
    }
    await Promise.all(numbers(64).map(caller))
    expect(late).toEqual([])
    const found = await stored(dynamo)
    const kept = new Set(found)
    expect(kept.size).toBe(found.length)
    const missing = [...acknowledged].filter((n) => !kept.has(n))
    expect(missing).toEqual([])
    expect(acknowledged.size).toBeGreaterThan(count / 2)
  })

  it('refuses events beyond its limit of waiting events', async () => {
    const dynamo = await behindProxy()
    const writer = dynamo.events.writer({ maxPending: 30 })
    const results = await Promise.allSettled(numbers(40).map((n) => writer.append(event(n))))
    const refused = results.filter((result) => result.status === 'rejected')
    expect(refused).toHaveLength(10)
    expect(refused[0]?.reason).toBeInstanceOf(EventWriterError)
    expect(refused[0]?.reason).toMatchObject({
      code: 'dynamo.events.writer_full',
      retryable: true,
      effect: 'none',
      details: { pending: 30, maxPending: 30 },
    })
    expect(await writer.append(event(40))).toHaveProperty('id')
    expect(await stored(dynamo)).toHaveLength(31)
  })

  it('reports what is known of an event when its caller runs out of time', async () => {
    const timeoutMs = 1000
    const dynamo = await behindProxy({ timeoutMs, attemptTimeoutMs: 5000 })
    decide = () => 'hang'
    for (let isSeen = false; !isSeen; ) {
      const writer = dynamo.events.writer({ concurrency: 1 })
      const startedAtMs = performance.now()
      const before = proxy.requests.length
      const sent = numbers(25).map((n) => rejection(writer.append(event(n))))
      const queued = rejection(writer.append(event(25)))
      await expect.poll(() => proxy.requests.length, { interval: 5 }).toBeGreaterThan(before)
      isSeen = performance.now() - startedAtMs < timeoutMs
      // Nothing moves until the time of all is over: none goes in the place of those whose time was over before.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, timeoutMs)
      const ends = { sent: await sent[0], queued: await queued }
      expect(writer.pending).toBe(0)
      if (!isSeen) continue
      expect(ends.sent).toMatchObject({
        code: 'dynamo.deadline',
        effect: 'unknown',
        details: { operation: 'events.writer.append', attempts: 1 },
      })
      expect(ends.queued).toMatchObject({
        code: 'dynamo.deadline',
        effect: 'none',
        message: expect.stringContaining('it waited for a place in a batch, behind 25 other events of this process'),
        details: { attempts: 0 },
      })
    }
  })

  it('ends one append with its signal, and aborts a request without waiting callers', async () => {
    const dynamo = await behindProxy()
    const writer = dynamo.events.writer({ concurrency: 1 })
    decide = ({ number }) => (number === 1 ? 'hang' : 'pass')
    const controllers = [new AbortController(), new AbortController()]
    const gone = new Error('the user went away')
    const ends = controllers.map(({ signal }, n) => rejection(writer.append(event(n), { signal })))
    await expect.poll(() => proxy.requests.length).toBe(1)
    const waiting = writer.append(event(2))
    controllers[0]?.abort(gone)
    expect(await ends[0]).toBe(gone)
    expect(writer.pending).toBe(2)
    expect(dynamo.stats().eventWriters).toEqual({ open: 1, pending: 2 })
    controllers[1]?.abort(gone)
    expect(await ends[1]).toBe(gone)
    // The only lane is free again, long before the hung request's own timeout.
    await waiting
    expect(await stored(dynamo)).toEqual([2])
  })

  it('stores accepted events before it closes, and accepts no more', async () => {
    const dynamo = await behindProxy()
    const writer = dynamo.events.writer()
    decide = ({ number }) => (number < 3 ? overloaded : 'pass')
    const appends = numbers(40).map((n) => writer.append(event(n)))
    const closed = writer.close()
    expect(dynamo.stats().eventWriters).toEqual({ open: 1, pending: 40 })
    expect(await rejection(writer.append(event(40)))).toMatchObject({
      code: 'dynamo.events.writer_closed',
      effect: 'none',
    })
    expect(await closed).toEqual({ drained: true })
    expect(dynamo.stats().eventWriters).toEqual({ open: 0, pending: 0 })
    await Promise.all(appends)
    expect(await stored(dynamo)).toEqual(numbers(40))
  })

  it('is drained when the context is closed', async () => {
    const dynamo = await behindProxy()
    const writer = dynamo.events.writer()
    const appends = numbers(30).map((n) => writer.append(event(n)))
    expect(await dynamo.close()).toEqual({ drained: true })
    const ids = (await Promise.all(appends)).map(({ id }) => id)
    expect(new Set(ids).size).toBe(30)
    expect(await rejection(writer.append(event(1)))).toBeInstanceOf(EventWriterError)
  })

  it('gives up at the end of its grace period, and reports which events may be stored', async () => {
    const dynamo = await behindProxy()
    const writer = dynamo.events.writer({ concurrency: 1 })
    decide = () => 'hang'
    const sent = numbers(25).map((n) => rejection(writer.append(event(n))))
    const queued = rejection(writer.append(event(25)))
    await expect.poll(() => proxy.requests.length).toBe(1)
    expect(await dynamo.close(100)).toEqual({ drained: false })
    expect(await sent[0]).toMatchObject({ code: 'dynamo.events.writer_closed', effect: 'unknown' })
    expect(await queued).toMatchObject({ code: 'dynamo.events.writer_closed', effect: 'none' })
  })

  it('refuses invalid options', async () => {
    const dynamo = await behindProxy()
    for (const options of [{ maxPending: 0 }, { concurrency: 1.5 }, { concurrency: 1000 }]) {
      expect(() => dynamo.events.writer(options)).toThrow(DynamoInputError)
    }
  })
})
