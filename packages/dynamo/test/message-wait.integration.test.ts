import { until } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createDynamo, type Dynamo } from '../src/dynamo.js'
import { MessageLeaseLostError } from '../src/messages/errors.js'
import type { MessageWakes } from '../src/messages/wakes.js'
import type { DynamoSettings } from '../src/settings/config.js'
import { rejection, testTables } from './support.js'

/** Longer than any test: whoever waits so long was not woken. */
const LONG_MS = 600_000

/** A look that finds the first message of a queue reads twice: what comes before it may have been stored meanwhile. */
const FOUND = 2

let tables: DynamoSettings
let dynamo: Dynamo
/** Another process, as far as messages go. */
let other: Dynamo
beforeAll(async () => {
  tables = await testTables()
  dynamo = createDynamo(tables)
  other = createDynamo(tables)
})
afterAll(() => Promise.all([dynamo.close(), other.close()]))

const looks = (of: Dynamo): number =>
  of.stats().capacity.reduce((sum, { operation, requests }) => sum + (operation === 'Query' ? requests : 0), 0)

const enqueue = (of: Dynamo, recipient: string): Promise<{ readonly messageId: string }> =>
  of.messages.enqueue({ recipient, messageType: 'ping' })

/** A channel between processes that a test makes heard or not. */
function channel(): MessageWakes & { isHearing: boolean; hear(mark?: string): void; readonly told: string[] } {
  const listeners = new Set<(mark?: string) => void>()
  const told: string[] = []
  return {
    isHearing: true,
    told,
    hear: (mark) => {
      for (const listener of listeners) listener(mark)
    },
    tell: (mark) => void told.push(mark),
    listen: (heard) => {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
  }
}

describe('receive with waitMs', () => {
  it('answers at once with what is there', async () => {
    const { messageId } = await enqueue(other, 'there')
    await using lease = await dynamo.messages.lease('there', { connectionId: 'c' })
    const { messages } = await lease.receive({ waitMs: LONG_MS })
    expect(messages.map((message) => message.messageId)).toEqual([messageId])
  })

  it('is woken by what its own process enqueues, with one look more', async () => {
    const wakes = channel() // heard, so that no timer looks
    await using own = createDynamo(tables, { wakes })
    await using lease = await own.messages.lease('own', { connectionId: 'c' })
    const receiving = lease.receive({ waitMs: LONG_MS })
    await until(async () => looks(own) === 1)
    const { messageId } = await enqueue(own, 'own')
    expect((await receiving).messages).toMatchObject([{ messageId }])
    expect(looks(own)).toBe(1 + FOUND)
  })

  it('finds what another process enqueues without a word, by the timer', async () => {
    await using lease = await dynamo.messages.lease('silent', { connectionId: 'c' })
    const receiving = lease.receive({ waitMs: LONG_MS })
    const { messageId } = await enqueue(other, 'silent')
    expect((await receiving).messages).toMatchObject([{ messageId }])
  })

  it('looks every 250 ms and no more often, by one timer for all who wait', async () => {
    await using own = createDynamo(tables)
    const recipients = Array.from({ length: 20 }, (_, n) => `many-${n}`)
    const leases = await Promise.all(recipients.map((name) => own.messages.lease(name, { connectionId: 'c' })))
    const timers = vi.spyOn(globalThis, 'setInterval')
    const startedAt = performance.now()
    const receiving = leases.map((lease) => lease.receive({ waitMs: 1100 }))
    await until(async () => looks(own) >= 40)
    expect(timers.mock.calls.filter(([, ms]) => ms === 250)).toHaveLength(1)
    timers.mockRestore()
    const received = await Promise.all(receiving)
    const ticks = Math.floor((performance.now() - startedAt) / 250)
    expect(received.every(({ messages }) => messages.length === 0)).toBe(true)
    // The first look, one a tick, and the last.
    expect(looks(own)).toBeLessThanOrEqual(20 * (ticks + 2))
    await Promise.all(leases.map((lease) => lease.release()))
  })

  it('does not look in between where other processes are heard, and only for the recipient that is told of', async () => {
    const wakes = channel()
    const sending = channel()
    await using own = createDynamo(tables, { wakes })
    await using sender = createDynamo(tables, { wakes: sending })
    await using lease = await own.messages.lease('heard', { connectionId: 'c' })
    const receiving = lease.receive({ waitMs: LONG_MS })
    await until(async () => looks(own) === 1)
    await enqueue(sender, 'somebody-else')
    await enqueue(sender, 'heard')
    expect(sending.told).toHaveLength(2)
    expect(sending.told.join()).not.toMatch(/heard|somebody/)
    wakes.hear(sending.told[0])
    // Longer than the timer takes where nobody is heard.
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(looks(own)).toBe(1)
    wakes.hear(sending.told[1])
    expect((await receiving).messages).toHaveLength(1)
    expect(looks(own)).toBe(1 + FOUND)
  })

  it('looks again where word may have been missed, and by the timer from then on', async () => {
    const wakes = channel()
    await using own = createDynamo(tables, { wakes })
    await using lease = await own.messages.lease('missed', { connectionId: 'c' })
    const receiving = lease.receive({ waitMs: LONG_MS })
    await until(async () => looks(own) === 1)
    wakes.isHearing = false
    wakes.hear()
    await until(async () => looks(own) > 2)
    await enqueue(other, 'missed')
    expect((await receiving).messages).toHaveLength(1)
  })

  it('keeps the lease for as long as it waits', async () => {
    await using own = createDynamo(tables, { messages: { leaseMs: 2000 }, wakes: channel() })
    const lease = await own.messages.lease('kept', { connectionId: 'c' })
    const receiving = lease.receive({ waitMs: 5000 })
    for (let asked = 0; asked < 20; asked++) {
      expect((await dynamo.messages.queue('kept')).lease?.connectionId).toBe('c')
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect(await receiving).toEqual({ messages: [], expired: 0 })
    await lease.release()
  })

  it('answers with none after its time, which a call of the client may be shorter than', async () => {
    await using own = createDynamo({ ...tables, timeoutMs: 400, attemptTimeoutMs: 400 })
    await using lease = await own.messages.lease('time', { connectionId: 'c' })
    const startedAt = performance.now()
    expect(await lease.receive({ waitMs: 1000 })).toEqual({ messages: [], expired: 0 })
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1000)
  })

  it('ends with its signal, with the release of its lease, and with close()', async () => {
    const own = createDynamo(tables, { wakes: channel() })
    const [aborted, released, closed] = await Promise.all(
      ['aborted', 'released', 'closed'].map((name) => own.messages.lease(name, { connectionId: 'c' })),
    )
    const controller = new AbortController()
    const ends = [
      rejection(Promise.resolve(aborted?.receive({ waitMs: LONG_MS, signal: controller.signal }))),
      rejection(Promise.resolve(released?.receive({ waitMs: LONG_MS }))),
      rejection(Promise.resolve(closed?.receive({ waitMs: LONG_MS }))),
    ]
    await until(async () => looks(own) === 3)
    controller.abort(new Error('gone'))
    expect(await ends[0]).toEqual(new Error('gone'))
    await released?.release()
    expect(await ends[1]).toBeInstanceOf(MessageLeaseLostError)
    expect(await own.close()).toEqual({ drained: true })
    expect(await ends[2]).toMatchObject({ code: 'dynamo.closed' })
  })

  it('goes on with the next receive after one that ended', async () => {
    await using lease = await dynamo.messages.lease('next', { connectionId: 'c' })
    const gone = new Error('gone')
    expect(await rejection(lease.receive({ waitMs: LONG_MS, signal: AbortSignal.abort(gone) }))).toBe(gone)
    const waiting = [lease.receive({ waitMs: LONG_MS, limit: 1 }), lease.receive({ waitMs: LONG_MS, limit: 1 })]
    for (let n = 0; n < 2; n++) await enqueue(dynamo, 'next')
    const ids = (await Promise.all(waiting)).flatMap(({ messages }) => messages.map(({ messageId }) => messageId))
    expect(new Set(ids).size).toBe(2)
  })

  it.each([-1, Number.NaN, 3_600_001])('refuses %s', async (waitMs) => {
    await using lease = await dynamo.messages.lease('refused', { connectionId: 'c' })
    expect(await rejection(lease.receive({ waitMs }))).toMatchObject({
      code: 'dynamo.invalid_input',
      details: { argument: 'waitMs' },
    })
  })
})
