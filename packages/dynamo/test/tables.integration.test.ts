import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb'
import { tablePrefix } from '@miyabi/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { createDynamoDBClient } from '../src/client.js'
import { createTables } from '../src/tables/create.js'
import { toCreateTableInput } from '../src/tables/definition.js'
import { agentStateTable, eventsTable, messagesTable, tableDefinitions } from '../src/tables/definitions.js'
import { tableDifferences } from '../src/tables/differences.js'
import { TablesDifferError } from '../src/tables/errors.js'
import { bindTables } from '../src/tables/tables.js'
import { rejection, testSettings } from './support.js'

const client = createDynamoDBClient(testSettings({ timeoutMs: 20_000, attemptTimeoutMs: 10_000 }))
afterAll(() => client.destroy())

const silent = { debug() {}, info() {}, warn() {}, error() {} }

describe('createTables', () => {
  it('creates every table with its keys, indexes, stream, expiry and capacity', async () => {
    const prefix = tablePrefix()
    const results = await createTables(client, { prefix })
    expect(results).toMatchObject(
      ['Events', 'AgentState', 'WebSocketMessages'].map((name) => ({
        table: `${prefix}Miyabi${name}`,
        result: 'created',
        ttl: 'enabled',
      })),
    )
    for (const definition of tableDefinitions) {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: prefix + definition.name }))
      expect(Table && tableDifferences(definition, Table)).toEqual([])
      const ttl = await client.send(new DescribeTimeToLiveCommand({ TableName: prefix + definition.name }))
      expect(ttl.TimeToLiveDescription).toMatchObject({ TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' })
    }
    const events = await client.send(new DescribeTableCommand({ TableName: prefix + eventsTable.name }))
    expect(events.Table?.StreamSpecification?.StreamViewType).toBe('NEW_AND_OLD_IMAGES')
    expect(events.Table?.BillingModeSummary?.BillingMode).toBe('PAY_PER_REQUEST')
    const agents = await client.send(new DescribeTableCommand({ TableName: prefix + agentStateTable.name }))
    expect(agents.Table?.ProvisionedThroughput).toMatchObject({ WriteCapacityUnits: 5, ReadCapacityUnits: 10 })
  })

  it('changes nothing the second time, and says so', async () => {
    const prefix = tablePrefix()
    await createTables(client, { prefix })
    for (const result of await createTables(client, { prefix })) {
      expect(result).toMatchObject({ result: 'existed', ttl: 'already enabled' })
    }
  })

  it('lets several processes create the same tables at once', async () => {
    const prefix = tablePrefix()
    const runs = await Promise.all(Array.from({ length: 4 }, () => createTables(client, { prefix })))
    const created = runs.flat().filter(({ result }) => result === 'created')
    expect(new Set(created.map(({ table }) => table)).size).toBe(3)
    expect(created).toHaveLength(3)
  })

  it('names what an engine does not support instead of passing over it', async () => {
    const [events] = await createTables(client, { prefix: tablePrefix(), definitions: [eventsTable] })
    expect(['enabled', 'unsupported']).toContain(events?.pointInTimeRecovery)
    expect(['on', 'unsupported']).toContain(events?.deletionProtection)
  })

  it('refuses a table of another structure, naming each difference, and creates nothing', async () => {
    const prefix = tablePrefix()
    const other = toCreateTableInput(
      {
        ...messagesTable,
        keyAttributes: { ...messagesTable.keyAttributes, usk: 'N' },
        indexes: [
          { name: 'undelivered', partitionKey: 'upk', sortKey: 'usk' },
          { name: 'byMood', partitionKey: 'upk', sortKey: 'usk' },
        ],
      },
      prefix,
    )
    await client.send(new CreateTableCommand(other))
    const error = await rejection(createTables(client, { prefix }))
    expect(error).toBeInstanceOf(TablesDifferError)
    expect((error as TablesDifferError).details.differences).toEqual([
      { table: `${prefix}MiyabiWebSocketMessages`, what: 'attribute usk', expected: 'S', found: 'N' },
      { table: `${prefix}MiyabiWebSocketMessages`, what: 'index byMood', expected: 'absent', found: 'present' },
    ])
    expect((error as Error).message).toContain('DYNAMODB_TABLE_PREFIX')
    const { TableNames } = await client.send(new ListTablesCommand())
    expect(TableNames).not.toContain(`${prefix}MiyabiEvents`)
  })

  it('says which server cannot be reached', async () => {
    const nowhere = createDynamoDBClient(testSettings({ endpoint: 'http://127.0.0.1:1', initialBackoffMs: 1 }))
    for (const call of [createTables(nowhere), bindTables(nowhere, '', silent).status()]) {
      expect(await rejection(call)).toMatchObject({ code: 'dynamo.unreachable', details: { attempts: 3 } })
    }
    nowhere.destroy()
  })

  it('tells which tables are missing', async () => {
    const prefix = tablePrefix()
    const tables = bindTables(client, prefix, silent)
    await createTables(client, { prefix, definitions: [eventsTable] })
    expect(await tables.status()).toMatchObject({
      missing: [`${prefix}MiyabiAgentState`, `${prefix}MiyabiWebSocketMessages`],
    })
    await tables.create()
    expect((await tables.status()).missing).toEqual([])
  })
})
