import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { type DynamoFault, dynamodbEndpoint, startDynamoProxy } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import type { AttemptFacts, Dynamo, DynamoCallFacts } from '../src/index.js'
import { rejection, testDynamo } from './support.js'

/** What a piece of work is told as. */
async function told(work: (dynamo: Dynamo) => Promise<unknown>) {
  const calls: DynamoCallFacts[] = []
  const attempts: AttemptFacts[] = []
  await using dynamo = await testDynamo()
  dynamo.observe({ call: (facts) => calls.push(facts), attempt: (facts) => attempts.push(facts) })
  await work(dynamo)
  const { capacity } = dynamo.stats()
  return { calls, attempts, capacity }
}

/** What `tables.status()` asks. */
const DESCRIBES = /^(Describe|List)/
const short = (table: string | undefined): string | undefined => table?.replace(/.*Miyabi/, '')

describe('observing DynamoDB', () => {
  it('tells of each call of ours, and of its attempts by the name of the call and of AWS', async () => {
    const { calls, attempts } = await told(async ({ events, messages, client, health, tables }) => {
      await health()
      await events.append({ eventType: 'x', userId: 'u' })
      await events.byUser('u')
      await messages.enqueue({ recipient: 'r', messageType: 'notification', payload: {}, id: 'm' })
      await rejection(events.append({ eventType: '' }))
      const table = (await tables.status()).tables[0]?.table
      await client.send(new GetItemCommand({ TableName: table, Key: { pk: { S: 'a' }, sk: { S: 'a' } } }))
    })
    expect(
      calls
        .filter(({ operation }) => !DESCRIBES.test(operation))
        .map((call) => [call.operation, call.tables.map(short), call.attempts, call.error?.code].flat().join(' ')),
    ).toMatchInlineSnapshot(`
      [
        "events.append Events 1 ",
        "events.byUser Events 1 ",
        "messages.enqueue WebSocketMessages 3 ",
        "events.append Events 0 dynamo.invalid_input",
        "GetItem Events 1 ",
      ]
    `)
    expect(
      attempts
        .filter(({ command }) => !DESCRIBES.test(command))
        .map((one) => [one.operation, one.command, short(one.table), one.attempt, one.error].join(' ')),
    ).toMatchInlineSnapshot(`
      [
        "events.append PutItem Events 1 ",
        "events.byUser Query Events 1 ",
        "messages.enqueue GetItem WebSocketMessages 1 ",
        "messages.enqueue UpdateItem WebSocketMessages 1 ",
        "messages.enqueue TransactWriteItems WebSocketMessages 1 ",
        "GetItem GetItem Events 1 ",
      ]
    `)
    for (const { startedAt, durationMs } of [...calls, ...attempts]) {
      expect(startedAt).toBeLessThanOrEqual(performance.now())
      expect(durationMs).toBeGreaterThan(0)
    }
  })

  it('counts a write that its condition refused by the size of its item', async () => {
    const data = { text: 'x'.repeat(10_000) }
    const event = { eventType: 'x', idempotencyKey: 'k', occurredAt: new Date(), data }
    const { calls, attempts, capacity } = await told(async ({ events, client, tables }) => {
      await events.append(event)
      await events.append(event)
      const TableName = (await tables.status()).tables[0]?.table
      const Key = { pk: { S: 'a' }, sk: { S: 'a' } }
      const large = { ...Key, data: { S: 'y'.repeat(3000) } }
      await client.send(new PutItemCommand({ TableName, Item: large }))
      const refusal = new PutItemCommand({
        TableName,
        Item: Key,
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      })
      expect(await rejection(client.send(refusal))).toMatchObject({ name: 'ConditionalCheckFailedException' })
    })
    const refused = attempts.filter(({ refusedBytes }) => refusedBytes !== undefined)
    expect(refused.map(({ operation, error, capacity: [used] }) => [operation, error, used?.writeUnits])).toEqual([
      ['events.append', 'ConditionalCheckFailedException', 10],
      ['PutItem', 'ConditionalCheckFailedException', 3],
    ])
    expect(refused[0]?.refusedBytes).toBeGreaterThan(10_000)
    expect(refused[1]?.refusedBytes).toBeGreaterThan(3000)
    expect(
      calls
        .filter(({ operation, error }) => error && !DESCRIBES.test(operation))
        .map(({ operation, error }) => [operation, error?.code]),
    ).toEqual([['PutItem', 'dynamo.condition_failed']])
    expect(sum(attempts.flatMap((attempt) => attempt.capacity))).toEqual(sum(capacity))
  })
})

describe('attempts', () => {
  it('are told one by one where they are repeated, until one succeeds or the call gives up', async () => {
    const faults: DynamoFault[] = []
    await using proxy = await startDynamoProxy(dynamodbEndpoint(), ({ operation }) =>
      operation === 'PutItem' || operation === 'BatchWriteItem' ? (faults.shift() ?? 'pass') : 'pass',
    )
    const calls: DynamoCallFacts[] = []
    const attempts: AttemptFacts[] = []
    await using dynamo = await testDynamo({
      settings: { endpoint: proxy.endpoint, initialBackoffMs: 1, maxAttempts: 3 },
    })
    dynamo.observe({ call: (facts) => calls.push(facts), attempt: (facts) => attempts.push(facts) })
    const throttled: DynamoFault = { error: 'ProvisionedThroughputExceededException' }
    faults.push(throttled, throttled)
    await dynamo.events.append({ eventType: 'x' })
    await dynamo.events.appendMany([{ eventType: 'x' }, { eventType: 'x' }])
    faults.push(throttled, throttled, throttled)
    await rejection(dynamo.events.append({ eventType: 'x' }))
    expect(attempts.map(({ command, attempt, error }) => [command, attempt, error?.slice(0, 21)].join(' '))).toEqual([
      'PutItem 1 ProvisionedThroughput',
      'PutItem 2 ProvisionedThroughput',
      'PutItem 3 ',
      'BatchWriteItem 1 ',
      'PutItem 1 ProvisionedThroughput',
      'PutItem 2 ProvisionedThroughput',
      'PutItem 3 ProvisionedThroughput',
    ])
    expect(calls.map((call) => [call.operation, call.attempts, call.error?.code].join(' '))).toEqual([
      'events.append 3 ',
      'events.appendMany 1 ',
      'events.append 3 dynamo.throttled',
    ])
    expect(sum(attempts.flatMap((attempt) => attempt.capacity))).toEqual(sum(dynamo.stats().capacity))
  })

  it('go on past an observer that throws, which is logged once', async () => {
    const lines: unknown[] = []
    const log = (fields: object): void => void lines.push((fields as { event?: unknown }).event)
    await using dynamo = await testDynamo({ logger: { debug: log, info: log, warn: log, error: log } })
    const fails = (): never => {
      throw new Error('mine')
    }
    dynamo.observe({ attempt: fails })
    for (let n = 0; n < 3; n += 1) await dynamo.events.append({ eventType: 'x' })
    expect(lines.filter((event) => event === 'dynamo.observer_failed')).toHaveLength(1)
  })
})

function sum(all: readonly { readonly readUnits: number; readonly writeUnits: number }[]) {
  const of = (key: 'readUnits' | 'writeUnits'): number => all.reduce((total, one) => total + one[key], 0)
  return { read: of('readUnits'), write: of('writeUnits') }
}
