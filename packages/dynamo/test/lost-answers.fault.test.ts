import {
  type DynamoFault,
  type DynamoProxy,
  type DynamoRequest,
  dynamodbEndpoint,
  startDynamoProxy,
} from '@miyabi/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Dynamo } from '../src/dynamo.js'
import type { NewEvent } from '../src/events/event.js'
import type { DynamoSettings } from '../src/settings/config.js'
import { rejection, sharedDynamo } from './support.js'

let decide: (request: DynamoRequest) => DynamoFault = () => 'pass'
let proxy: DynamoProxy
/** Whose requests the proxy has in hand; and another process, which it has not. */
let dynamo: Dynamo
let other: Dynamo

beforeAll(async () => {
  proxy = await startDynamoProxy(dynamodbEndpoint(), (request) => decide(request))
  dynamo = await behindProxy()
  other = await sharedDynamo({})
})
afterEach(() => {
  decide = () => 'pass'
})
afterAll(async () => {
  await dynamo.close()
  await other.close()
  await proxy.close()
})

/** A process behind the proxy. */
const behindProxy = (settings: Partial<DynamoSettings> = {}): Promise<Dynamo> =>
  sharedDynamo({ endpoint: proxy.endpoint, initialBackoffMs: 5, maxBackoffMs: 20, ...settings })

/** Loses the answers to the first so many writes. */
function loseAnswers(count: number, isMeant: (request: DynamoRequest) => boolean = isWrite): void {
  let lost = 0
  decide = (request) => (isMeant(request) && lost++ < count ? 'lose-answer' : 'pass')
}
const isWrite = ({ operation }: DynamoRequest): boolean => /Put|Update|Delete|TransactWrite|BatchWrite/.test(operation)

/** As many as a call makes: then it fails, and nobody knows whether it was done. */
const ALL_ATTEMPTS = 3

/** Calls until every answer was lost, and then once more. */
async function repeated<T>(call: () => Promise<T>): Promise<T> {
  loseAnswers(ALL_ATTEMPTS)
  expect(await rejection(call())).toMatchObject({ effect: 'unknown', retryable: true })
  return call()
}

let names = 0
const newName = (): string => `n${++names}`

describe('an append whose answer was lost', () => {
  const keyed = (): NewEvent => ({ eventType: 'e', occurredAt: new Date(), idempotencyKey: newName() })

  it('is no duplicate of itself when it is repeated by the SDK, under whatever id', async () => {
    const { id } = await other.events.append({ eventType: 'source' })
    for (const event of [{ eventType: 'e' }, keyed(), { eventType: 'own', id }]) {
      loseAnswers(1)
      expect(await dynamo.events.append(event)).toMatchObject({ duplicate: false })
    }
  })

  it('is no duplicate of itself when it is repeated by its caller, who is told once that it was', async () => {
    const event = keyed()
    expect(await repeated(() => dynamo.events.append(event))).toMatchObject({ duplicate: false })
    for (const again of [dynamo, other]) expect(await again.events.append(event)).toMatchObject({ duplicate: true })
  })

  it('is a duplicate where another one came first', async () => {
    const event = keyed()
    const { id } = await other.events.append({ ...event, data: { by: 'other' } } as NewEvent)
    expect(await repeated(() => dynamo.events.append(event))).toEqual({ id, duplicate: true })
    expect((await other.events.get('e', id))?.data).toEqual({ by: 'other' })
  })

  it('keeps the time of its first writing, by whomever and whichever way it is repeated', async () => {
    const event = keyed()
    loseAnswers(1)
    const { id } = await dynamo.events.append(event)
    const { writtenAt } = (await other.events.get('e', id)) ?? {}
    decide = () => 'pass'
    await new Promise((resolve) => setTimeout(resolve, 5))
    await using writer = other.events.writer()
    await Promise.all([writer.append(event), other.events.appendMany([event]), other.events.append(event)])
    await other.events.appendMany([{ eventType: 'e', id }])
    expect(writtenAt).toBeInstanceOf(Date)
    expect((await other.events.get('e', id))?.writtenAt).toEqual(writtenAt)
  })

  it('leaves what is stored under its id as it is, also through a writer and among many', async () => {
    const event = keyed()
    const { id } = await other.events.append({ ...event, userId: 'alice', data: { n: 1 } } as NewEvent)
    const changed = { ...event, userId: 'mallory', data: { n: 2 } } as NewEvent
    await using writer = other.events.writer()
    expect(await writer.append(changed)).toEqual({ id })
    expect(await other.events.appendMany([changed])).toEqual({ ids: [id] })
    expect(await other.events.get('e', id)).toMatchObject({ userId: 'alice', data: { n: 1 } })
  })
})

describe('what a batch leaves unprocessed', () => {
  it('is put again with the time of its first writing', async () => {
    decide = ({ number }) => (number === 1 ? { unprocessed: 25 } : 'pass')
    proxy.forget()
    const before = Date.now()
    const { ids } = await dynamo.events.appendMany([{ eventType: 'left' }])
    expect(proxy.requests).toHaveLength(2)
    const times = proxy.requests.map(({ body }) => /"w":\{"N":"(\d+)"\}/.exec(body)?.[1])
    expect(times[0]).toBe(times[1])
    const stored = await other.events.get('left', ids[0] ?? '')
    expect(Number(times[0])).toBe(stored?.writtenAt.getTime())
    expect(Number(times[0])).toBeGreaterThanOrEqual(before)
  })
})

describe.each([
  ['by transactions', true],
  ['in steps', false],
])("a save of an agent's state whose answer was lost, %s,", (name, transactions) => {
  let dynamo: Dynamo
  let other: Dynamo
  beforeAll(async () => {
    dynamo = await behindProxy({ transactions })
    other = await sharedDynamo({ transactions })
  })
  afterAll(async () => {
    await dynamo.close()
    await other.close()
  })
  const stateOf = (id?: string) => ({
    agentId: `${name} ${newName()}`,
    status: 'running' as const,
    progress: 40,
    stateData: { step: 2n ** 60n, files: new Set(['a']) },
    expectedVersion: 0,
    ...(id === undefined ? {} : { id }),
  })

  it('is no newer state than itself when its caller repeats it, to whom it gives what was saved', async () => {
    const state = stateOf()
    const saved = await repeated(() => dynamo.agentState.save(state))
    expect(await other.agentState.current(state.agentId)).toEqual(saved)
    expect((await other.agentState.history(state.agentId)).items).toEqual([saved])
    expect(await rejection(dynamo.agentState.save(state))).toMatchObject({ code: 'dynamo.agent_state.stale' })
  })

  it('was done although another one has been saved over it since', async () => {
    const state = stateOf()
    loseAnswers(ALL_ATTEMPTS)
    expect(await rejection(dynamo.agentState.save(state))).toMatchObject({ effect: 'unknown' })
    const first = await other.agentState.current(state.agentId)
    const over = await other.agentState.save({ ...state, progress: 50, expectedVersion: first?.version ?? -1 })
    expect(await dynamo.agentState.save(state)).toEqual(first)
    expect(await other.agentState.current(state.agentId)).toEqual(over)
    expect((await other.agentState.history(state.agentId, { order: 'asc' })).items).toEqual([first, over])
  })

  it('is of its caller alone: another state is stale, and so is the same one of another process', async () => {
    const state = stateOf()
    loseAnswers(ALL_ATTEMPTS)
    await rejection(dynamo.agentState.save(state))
    for (const [by, changed] of [
      [dynamo, { ...state, progress: 41 }],
      [other, state],
    ] as const) {
      expect(await rejection(by.agentState.save(changed))).toMatchObject({ code: 'dynamo.agent_state.stale' })
    }
    expect(await dynamo.agentState.save(state)).toMatchObject({ progress: 40 })
  })

  it('is known by its id from every process, also after others', async () => {
    const state = stateOf('i')
    loseAnswers(ALL_ATTEMPTS)
    await rejection(dynamo.agentState.save(state))
    const first = await other.agentState.save(state)
    let last = first
    for (const progress of [50, 60]) {
      last = await other.agentState.save({ ...state, id: `${progress}`, progress, expectedVersion: last.version })
    }
    for (const by of [dynamo, other]) expect(await by.agentState.save(state)).toEqual(first)
    expect(await other.agentState.current(state.agentId)).toEqual(last)
    expect((await other.agentState.history(state.agentId)).items).toHaveLength(3)
  })

  it('is saved once by twenty who come at once with one id, and all are answered the same', async () => {
    const state = stateOf('twenty')
    const by = (n: number) => (n % 2 === 0 ? dynamo : other)
    const states = await Promise.all(Array.from({ length: 20 }, (_, n) => by(n).agentState.save(state)))
    expect(new Set(states.map(({ version }) => version)).size).toBe(1)
    expect((await other.agentState.history(state.agentId)).items).toHaveLength(1)
  })

  it('is restarted once under an id', async () => {
    const state = stateOf()
    const { agentId } = state
    const running = await other.agentState.save(state)
    const failed = await other.agentState.save({ agentId, status: 'failed', expectedVersion: running.version })
    const restart = { agentId, expectedVersion: failed.version, id: 'restart' }
    const again = await repeated(() => dynamo.agentState.restart(restart))
    await other.agentState.save({ agentId, status: 'running', expectedVersion: again.version })
    expect(await other.agentState.restart(restart)).toEqual(again)
  })
})

describe('an acknowledgement whose answer was lost', () => {
  it('is the first one to whoever made it, when the SDK or its caller repeats it, and once only', async () => {
    for (const acknowledge of [
      (recipient: string, id: string) => {
        loseAnswers(1)
        return dynamo.messages.acknowledge(recipient, id)
      },
      (recipient: string, id: string) => repeated(() => dynamo.messages.acknowledge(recipient, id)),
    ]) {
      const recipient = newName()
      const { messageId } = await other.messages.enqueue({ recipient, messageType: 'ping' })
      expect(await acknowledge(recipient, messageId)).toBe(true)
      decide = () => 'pass'
      for (const by of [dynamo, other]) expect(await by.messages.acknowledge(recipient, messageId)).toBe(false)
    }
  })
})

describe('a lease whose answer was lost', () => {
  const leaseAs = (by: Dynamo, recipient: string, connectionId: string, takeOver = false) =>
    by.messages.lease(recipient, { connectionId, takeOver })

  it.each([false, true])(
    'is given to its caller who repeats it, and to nobody else (take over: %s)',
    async (takeOver) => {
      const recipient = newName()
      const { messageId } = await other.messages.enqueue({ recipient, messageType: 'ping' })
      if (takeOver) await leaseAs(other, recipient, 'old')
      loseAnswers(ALL_ATTEMPTS, ({ operation }) => operation === 'UpdateItem')
      expect(await rejection(leaseAs(dynamo, recipient, 'a', takeOver))).toMatchObject({ effect: 'unknown' })
      expect(await rejection(leaseAs(other, recipient, 'b'))).toMatchObject({
        code: 'dynamo.messages.leased',
        details: { connectionId: 'a' },
      })
      const lease = await leaseAs(dynamo, recipient, 'a', takeOver)
      expect((await lease.receive()).messages).toMatchObject([{ messageId }])
    },
  )

  it('is not given back to its caller who repeats it after another one has taken it over', async () => {
    for (const takeOver of [true, false]) {
      const recipient = newName()
      if (takeOver) await leaseAs(other, recipient, 'old')
      loseAnswers(ALL_ATTEMPTS, ({ operation }) => operation === 'UpdateItem')
      await rejection(leaseAs(dynamo, recipient, 'a', takeOver))
      const holder = await leaseAs(other, recipient, 'b', true)
      expect(await rejection(leaseAs(dynamo, recipient, 'a', takeOver))).toMatchObject({
        code: takeOver ? 'dynamo.messages.lease_lost' : 'dynamo.messages.leased',
      })
      expect(await holder.receive()).toEqual({ messages: [], expired: 0 })
      await other.messages.enqueue({ recipient, messageType: 'ping' })
      expect((await holder.receive()).messages).toHaveLength(1)
    }
  })

  it('is not given back by the SDK, which repeats it after another one has taken it over', async () => {
    await using slow = await behindProxy({ attemptTimeoutMs: 1000 })
    const recipient = newName()
    await leaseAs(other, recipient, 'old')
    let updates = 0
    // Done, its answer lost; then the repetition is held up, and in the meantime another one comes.
    decide = ({ operation }) => {
      if (operation !== 'UpdateItem') return 'pass'
      updates += 1
      return updates === 1 ? 'lose-answer' : updates === 2 ? 'hang' : 'pass'
    }
    const taking = rejection(leaseAs(slow, recipient, 'a', true))
    await expect.poll(() => updates).toBe(2)
    const holder = await leaseAs(other, recipient, 'b', true)
    expect(await taking).toMatchObject({ code: 'dynamo.messages.lease_lost', retryable: false })
    await other.messages.enqueue({ recipient, messageType: 'ping' })
    expect((await holder.receive()).messages).toHaveLength(1)
  })

  it('goes to one of several who take it over at once, in the end, and the others have lost it', async () => {
    const recipient = newName()
    await leaseAs(other, recipient, 'old')
    const leases = await Promise.all(['a', 'b', 'c', 'd'].map((id) => leaseAs(other, recipient, id, true)))
    await other.messages.enqueue({ recipient, messageType: 'ping' })
    const received = await Promise.allSettled(leases.map((lease) => lease.receive()))
    expect(received.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

describe('an enqueueing whose answer was lost', () => {
  it('brings nothing back that was acknowledged before the SDK repeated it', async () => {
    await using slow = await behindProxy({ attemptTimeoutMs: 1000 })
    const recipient = newName()
    let writes = 0
    decide = ({ operation }) => {
      if (operation !== 'TransactWriteItems') return 'pass'
      writes += 1
      return writes === 1 ? 'lose-answer' : writes === 2 ? 'hang' : 'pass'
    }
    const sending = slow.messages.enqueue({ recipient, messageType: 'notification', payload: { pay: 100 } })
    await expect.poll(() => writes).toBe(2)
    await using lease = await other.messages.lease(recipient, { connectionId: 'c' })
    const { messages } = await lease.receive()
    expect(messages).toHaveLength(1)
    expect(await other.messages.acknowledge(recipient, messages[0]?.messageId ?? '')).toBe(true)
    expect(await sending).toEqual({ messageId: messages[0]?.messageId })
    expect(writes).toBe(3)
    expect((await lease.receive()).messages).toEqual([])
  })
})

describe.each([
  ['by transactions', true],
  ['in steps', false],
])('a message with an id, %s,', (_name, transactions) => {
  const withId = (recipient: string) => ({ recipient, messageType: 'ping' as const, payload: { n: 1 }, id: 'i' })
  let healthy: Dynamo
  beforeAll(async () => {
    healthy = await sharedDynamo({ transactions })
  })
  afterAll(() => healthy.close())

  it('is enqueued once, wherever its sender dies and whenever it comes again, also after its delivery', async () => {
    await using dying = await behindProxy({ transactions, maxAttempts: 1 })
    for (const isDelivered of [false, true]) {
      for (const [at, arrives] of [1, 2, 3, 4, 5].flatMap((n) => [[n, true] as const, [n, false] as const])) {
        const message = withId(newName())
        const { recipient } = message
        let n = 0
        decide = () => {
          n += 1
          return n < at ? 'pass' : n === at && arrives ? 'lose-answer' : 'reset'
        }
        await dying.messages.enqueue(message).catch(() => {})
        decide = () => 'pass'
        const received: string[] = []
        const deliver = async (): Promise<void> => {
          await using lease = await healthy.messages.lease(recipient, { connectionId: 'c' })
          for (const { messageId } of (await lease.receive()).messages) {
            received.push(messageId)
            expect(await healthy.messages.acknowledge(recipient, messageId)).toBe(true)
          }
        }
        if (isDelivered) await deliver()
        const { messageId } = await healthy.messages.enqueue(message)
        await deliver()
        expect(received, `dies at ${at}, ${arrives ? 'after' : 'before'} it`).toEqual([messageId])
        expect(await healthy.messages.enqueue(message)).toEqual({ messageId })
        await deliver()
        expect(received).toHaveLength(1)
      }
    }
  })

  it('is enqueued once by ten who come at once, and again for another recipient', async () => {
    const message = withId(newName())
    const answers = await Promise.all(Array.from({ length: 10 }, () => healthy.messages.enqueue(message)))
    expect(new Set(answers.map(({ messageId }) => messageId)).size).toBe(1)
    expect((await healthy.messages.undelivered(message.recipient)).items).toHaveLength(1)
    await healthy.messages.enqueue({ ...message, recipient: `${message.recipient} too` })
    expect((await healthy.messages.undelivered(`${message.recipient} too`)).items).toHaveLength(1)
  })

  it('is answered the same by a queue that is full by now', async () => {
    await using small = await sharedDynamo({ transactions }, { messages: { maxQueued: 1 } })
    const message = withId(newName())
    const first = await small.messages.enqueue(message)
    expect(await rejection(small.messages.enqueue({ ...message, id: 'j' }))).toMatchObject({
      code: 'dynamo.messages.queue_full',
    })
    expect(await small.messages.enqueue(message)).toEqual(first)
  })
})
