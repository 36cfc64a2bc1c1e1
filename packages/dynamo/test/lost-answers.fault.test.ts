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
