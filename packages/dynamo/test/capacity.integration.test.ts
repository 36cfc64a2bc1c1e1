import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, it } from 'vitest'
import type { Dynamo } from '../src/dynamo.js'
import type { CapacityUse } from '../src/stats.js'
import { rejection, testDynamo } from './support.js'

/**
 * `[operation, table or table/index, requests, read units, write units, failed conditions]`, tables without their
 * prefix.
 */
const rows = (dynamo: Dynamo) =>
  dynamo
    .stats()
    .capacity.map((use: CapacityUse) => [
      use.operation,
      use.table.replace(/.*Miyabi/, '') + (use.index === undefined ? '' : `/${use.index}`),
      use.requests,
      use.readUnits,
      use.writeUnits,
      use.failedConditions,
    ])

describe('consumed capacity', () => {
  it('is summed for each table, index and operation', async () => {
    await using dynamo = await testDynamo()
    for (let n = 0; n < 3; n++) await dynamo.events.append({ eventType: 'x', userId: 'u' })
    await dynamo.events.appendMany([{ eventType: 'x' }, { eventType: 'x' }])
    await dynamo.events.byUser('u')
    expect(rows(dynamo).filter(([operation]) => operation === 'PutItem')).toEqual([
      ['PutItem', 'Events', 3, 0, 3, 0],
      ['PutItem', 'Events/byUser', 3, 0, 3, 0],
    ])
    expect(rows(dynamo)).toContainEqual(['BatchWriteItem', 'Events', 1, 0, 2, 0])
    expect(rows(dynamo)).toContainEqual(['Query', 'Events/byUser', 1, 0.5, 0, 0])
  })

  it('counts transactions twice, and writes that their condition refused', async () => {
    await using dynamo = await testDynamo()
    const state = { agentId: 'a', status: 'pending', expectedVersion: 0 } as const
    await dynamo.agentState.save(state)
    await rejection(dynamo.agentState.save(state))
    const event = { eventType: 'x', idempotencyKey: 'k', occurredAt: new Date() }
    await dynamo.events.append(event)
    await dynamo.events.append(event)
    expect(rows(dynamo)).toContainEqual(['TransactWriteItems', 'AgentState', 1, 0, 4 + 2, 1])
    expect(rows(dynamo)).toContainEqual(['PutItem', 'Events', 1, 0, 1 + 1, 1])
  })

  it('leaves to a caller what he asks for himself', async () => {
    await using dynamo = await testDynamo()
    const table = (await dynamo.tables.status()).tables[0]?.table
    const before = rows(dynamo)
    const Key = { pk: { S: 'a' }, sk: { S: 'a' } }
    await dynamo.client.send(new GetItemCommand({ TableName: table, Key, ReturnConsumedCapacity: 'NONE' }))
    expect(rows(dynamo)).toEqual(before)
    const answer = await dynamo.client.send(new GetItemCommand({ TableName: table, Key }))
    expect(answer.ConsumedCapacity?.CapacityUnits).toBe(0.5)
    expect(rows(dynamo)).toContainEqual(['GetItem', 'Events', 1, 0.5, 0, 0])
  })
})
