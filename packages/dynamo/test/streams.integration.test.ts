import { DeleteItemCommand, ScanCommand, UpdateItemCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb'
import { until } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Dynamo } from '../src/dynamo.js'
import type { Change, StreamItems, StreamName } from '../src/streams/change.js'
import { readPaceMs, streamsEndpoint } from '../src/streams/client.js'
import { rejection, testDynamo, testSettings } from './support.js'

let dynamo: Dynamo
beforeAll(async () => {
  dynamo = await testDynamo()
})
afterAll(() => dynamo.close())

/** All changes that a table's stream tells. */
async function changesOf<From extends StreamName>(from: From): Promise<Change<StreamItems[From]>[]> {
  const stream = (await dynamo.streams.current(from)) ?? ''
  const { shards = [] } = (await dynamo.streams.shards(stream)) ?? {}
  const changes: Change<StreamItems[From]>[] = []
  for (const { id: shard } of shards) {
    let found = await dynamo.streams.iterator({ stream, shard })
    while ('iterator' in found) {
      const page = await dynamo.streams.read(from, found.iterator)
      if ('lost' in page || page.records.length === 0 || page.next === undefined) break
      changes.push(...page.records.flatMap(({ change }) => (change ? [change] : [])))
      found = { iterator: page.next }
    }
  }
  return changes
}

describe('the streams of tables', () => {
  it('tell of events what became of them, and who removed them', async () => {
    const ids = [1, 2].map(() => dynamo.events.append({ eventType: 'a', userId: 'u', data: { n: 1 } }))
    const [kept, expiring] = (await Promise.all(ids)).map(({ id }) => id)
    const TableName = (await dynamo.tables.status()).tables[0]?.table
    const { Items = [] } = await dynamo.client.send(new ScanCommand({ TableName }))
    for (const { pk, sk, i } of Items) {
      const Key = { pk: pk ?? { S: '' }, sk: sk ?? { S: '' } }
      if (i?.S === kept) await dynamo.client.send(new DeleteItemCommand({ TableName, Key }))
      else {
        const expire = { UpdateExpression: 'SET #ttl = :past', ExpressionAttributeNames: { '#ttl': 'ttl' } }
        const values = { ExpressionAttributeValues: { ':past': { N: '1' } } }
        await dynamo.client.send(new UpdateItemCommand({ TableName, Key, ...expire, ...values }))
      }
    }
    await until(async () => (await changesOf('events')).filter(({ kind }) => kind === 'remove').length === 2)
    const changes = await changesOf('events')
    expect(changes.filter(({ kind }) => kind === 'insert')).toMatchObject([
      { next: { eventType: 'a', userId: 'u', data: { n: 1 } } },
      { next: { eventType: 'a' } },
    ])
    const removed = changes.flatMap((one) =>
      one.kind === 'remove' ? [{ id: one.previous.id, expired: one.expired }] : [],
    )
    expect(removed).toEqual(
      expect.arrayContaining([
        { id: kept, expired: false },
        { id: expiring, expired: true },
      ]),
    )
  })

  it('tell of agents their current states alone, though their versions are in the same table', async () => {
    const { version: expectedVersion } = await dynamo.agentState.save({
      agentId: 'a',
      status: 'running',
      expectedVersion: 0,
    })
    await dynamo.agentState.save({ agentId: 'a', status: 'completed', expectedVersion })
    expect(await changesOf('agentState')).toMatchObject([
      { kind: 'insert', next: { agentId: 'a', status: 'running' } },
      { kind: 'modify', next: { status: 'completed', progress: 100 }, previous: { status: 'running' } },
    ])
  })

  it('never tell of a usage that cannot be counted: it is not stored', async () => {
    const event = { eventType: 'usage.recorded', userId: 'alice', data: { pluginId: 'a' } }
    expect(await rejection(dynamo.events.append(event))).toMatchObject({
      code: 'dynamo.invalid_input',
      details: { argument: 'userId' },
    })
  })

  it('begin on a table that was made without one, and are another than those that ended', async () => {
    const TableName = (await dynamo.tables.status()).tables[1]?.table
    const before = (await dynamo.streams.current('agentState')) ?? ''
    await dynamo.client.send(new UpdateTableCommand({ TableName, StreamSpecification: { StreamEnabled: false } }))
    expect(await dynamo.streams.current('agentState')).toBeUndefined()
    expect(await dynamo.streams.shards(before)).toBeUndefined()
    const { done } = await dynamo.tables.apply()
    expect(done).toMatchObject([{ table: TableName, does: 'begin a stream of NEW_AND_OLD_IMAGES' }])
    const after = (await dynamo.streams.current('agentState')) ?? ''
    expect(after).not.toBe(before)
    expect(await dynamo.streams.shards(before)).toBeUndefined()
    expect(await dynamo.streams.shards(after)).toMatchObject({ isEnded: false, shards: [expect.anything()] })
  })

  it('are asked where the tables are, and on AWS at an address of their own, at its pace', () => {
    const local = testSettings()
    const { endpoint, ...aws } = local
    const named = {
      ...aws,
      endpoint: 'https://dynamodb.eu-west-1.amazonaws.com',
      streamsEndpoint: 'https://vpce.example',
    }
    expect([local, aws, named].map(streamsEndpoint)).toEqual([endpoint, undefined, 'https://vpce.example'])
    expect([local, aws].map(readPaceMs)).toEqual([0, 200])
  })

  it('are read under the deadline of every call, and by nobody after close()', async () => {
    const hurried = await testDynamo()
    await hurried.close()
    expect(await rejection(hurried.streams.current('events'))).toMatchObject({ code: 'dynamo.closed' })
    expect(await rejection(hurried.streams.read('events', 'x'))).toMatchObject({ code: 'dynamo.closed' })
    expect(await rejection(dynamo.streams.read('events', 'no iterator'))).toMatchObject({ code: 'dynamo.validation' })
  })
})
