import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ListTablesCommand,
  PutItemCommand,
  TagResourceCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { Operations, silentLogger } from '@miyabi/core'
import { tablePrefix } from '@miyabi/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { createDynamoDBClient } from '../src/client/client.js'
import { type TableDefinition, toCreateTableInput } from '../src/tables/definition.js'
import { agentStateTable, eventsTable } from '../src/tables/definitions.js'
import { DestructiveStepsError } from '../src/tables/errors.js'
import { bindTables, type Tables } from '../src/tables/tables.js'
import { rejection, testSettings } from './support.js'

const patient = testSettings({ timeoutMs: 20_000, attemptTimeoutMs: 10_000 })
const client = createDynamoDBClient(patient)
afterAll(() => client.destroy())

const host = { operations: new Operations(), logger: silentLogger }
const bind = (prefix: string): Tables => bindTables(client, { ...patient, tablePrefix: prefix }, host)

/** A table made by other hands, under the name of a definition. */
async function madeByOthers(prefix: string, like: TableDefinition, changes: Partial<TableDefinition>): Promise<string> {
  const table = prefix + like.name
  await client.send(new CreateTableCommand(toCreateTableInput({ ...like, ...changes }, table)))
  return table
}

const describeTable = async (table: string) => (await client.send(new DescribeTableCommand({ TableName: table }))).Table

describe('tables.apply', () => {
  it('creates every table with its keys, indexes, stream, expiry, capacity, tags and protection', async () => {
    const prefix = tablePrefix()
    const tables = bind(prefix)
    const { done } = await tables.apply()
    expect(done.map(({ table, does }) => `${table.slice(prefix.length)}: ${does}`)).toEqual([
      'MiyabiEvents: create the table',
      'MiyabiEvents: let items expire by ttl',
      'MiyabiAgentState: create the table',
      'MiyabiAgentState: let items expire by ttl',
      'MiyabiWebSocketMessages: create the table',
      'MiyabiWebSocketMessages: let items expire by ttl',
    ])
    const events = await describeTable(`${prefix}MiyabiEvents`)
    expect(events?.StreamSpecification?.StreamViewType).toBe('NEW_AND_OLD_IMAGES')
    expect(events?.BillingModeSummary?.BillingMode).toBe('PAY_PER_REQUEST')
    expect(events?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName).sort()).toEqual(['byRepository', 'byUser'])
    const agents = await describeTable(`${prefix}MiyabiAgentState`)
    expect(agents?.ProvisionedThroughput).toMatchObject({ WriteCapacityUnits: 5, ReadCapacityUnits: 10 })
    const ttl = await client.send(new DescribeTimeToLiveCommand({ TableName: `${prefix}MiyabiAgentState` }))
    expect(ttl.TimeToLiveDescription).toMatchObject({ TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' })
  })

  it('leaves an empty plan, and says what this engine does not tell', async () => {
    const prefix = tablePrefix()
    const tables = bind(prefix)
    expect((await tables.plan()).steps).toHaveLength(3)
    const { unverifiable } = await tables.apply()
    expect(await tables.plan()).toEqual({ steps: [], unverifiable })
    // Of these two no engine but AWS itself tells anything.
    expect(unverifiable).toContainEqual({ table: `${prefix}MiyabiAgentState`, what: 'auto scaling' })
    expect(unverifiable).toContainEqual({ table: `${prefix}MiyabiEvents`, what: 'point-in-time recovery' })
    expect(await tables.apply()).toEqual({ done: [], unverifiable })
  })

  it('may be done by several processes at once, each step by one of them', async () => {
    const prefix = tablePrefix()
    const runs = await Promise.all(Array.from({ length: 4 }, () => bind(prefix).apply()))
    const created = runs.flatMap(({ done }) => done).filter(({ does }) => does === 'create the table')
    expect(created).toHaveLength(3)
    expect((await bind(prefix).plan()).steps).toEqual([])
  })

  it('mends what others changed: billing, stream, indexes one at a time, expiry, tags, protection', async () => {
    const prefix = tablePrefix()
    const tables = bind(prefix)
    const events = await madeByOthers(prefix, eventsTable, {
      billing: agentStateTable.billing,
      indexes: [],
      keyAttributes: { pk: 'S', sk: 'S' },
      deletionProtection: false,
      tags: { application: 'other', team: 'a' },
    })
    await client.send(new UpdateTableCommand({ TableName: events, StreamSpecification: { StreamEnabled: false } }))
    const TimeToLiveSpecification = { AttributeName: 'old', Enabled: true }
    await client.send(new UpdateTimeToLiveCommand({ TableName: events, TimeToLiveSpecification }))
    const agents = await madeByOthers(prefix, agentStateTable, {
      billing: { mode: 'PAY_PER_REQUEST' },
    })
    const planned = (await tables.plan()).steps
    const says: string[] = []
    const isTold = (what: string): boolean => !unverifiable.some((fact) => fact.what === what)
    const { done, unverifiable } = await tables.apply({
      onProgress: ({ table, says: what }) => says.push(`${table}: ${what}`),
    })
    expect(done.filter(({ table }) => table === events).map(({ does }) => does)).toEqual([
      'bill as PAY_PER_REQUEST',
      'begin a stream of NEW_AND_OLD_IMAGES',
      'create the index byUser',
      'create the index byRepository',
      'end expiry by old',
      'let items expire by ttl',
      ...(isTold('tags') ? ['tag with application=miyabi'] : []),
      ...(isTold('deletion protection') ? ['switch deletion protection on'] : []),
    ])
    expect(done.filter(({ table }) => table === agents).map(({ does }) => does)).toEqual([
      'bill as PROVISIONED',
      'let items expire by ttl',
    ])
    // The plan told the same, and so did the progress.
    const names = (steps: readonly { table: string; does: string }[]) =>
      steps.map(({ table, does }) => `${table}: ${does}`)
    for (const name of names(planned)) expect(says).toContain(name)
    expect((await tables.plan()).steps).toEqual([])
    expect((await describeTable(agents))?.ProvisionedThroughput?.WriteCapacityUnits).toBe(5)
  })

  it('leaves capacity alone that auto scaling has moved, within its bounds', async () => {
    const prefix = tablePrefix()
    const tables = bind(prefix)
    await tables.apply()
    const provision = (WriteCapacityUnits: number) =>
      client.send(
        new UpdateTableCommand({
          TableName: `${prefix}MiyabiAgentState`,
          ProvisionedThroughput: { WriteCapacityUnits, ReadCapacityUnits: 50 },
        }),
      )
    await provision(80)
    expect((await tables.plan()).steps).toEqual([])
    await provision(3)
    expect((await tables.plan()).steps).toMatchObject([{ does: 'provision 5 write and 50 read units' }])
  })

  it("leaves others' tags alone", async () => {
    const prefix = tablePrefix()
    await bind(prefix).apply()
    const arn = (await describeTable(`${prefix}MiyabiEvents`))?.TableArn
    await client.send(new TagResourceCommand({ ResourceArn: arn, Tags: [{ Key: 'cost-center', Value: '7' }] }))
    expect((await bind(prefix).plan()).steps).toEqual([])
  })

  it('destroys nothing that is not named: an index of other keys, an index of others, a stream of another view', async () => {
    const prefix = tablePrefix()
    const tables = bind(prefix)
    const events = await madeByOthers(prefix, eventsTable, {
      indexes: [
        { name: 'byUser', partitionKey: 'up', sortKey: 'sk' },
        { name: 'byRepository', partitionKey: 'rp', sortKey: 'i' },
        { name: 'byMood', partitionKey: 'up', sortKey: 'sk' },
      ],
    })
    const error = (await rejection(tables.apply())) as DestructiveStepsError
    expect(error).toBeInstanceOf(DestructiveStepsError)
    expect(error.details.steps.map(({ table, what, does }) => [table, what, does])).toEqual([
      [events, 'index byUser', 'delete the index byUser'],
      [events, 'index byMood', 'delete the index byMood'],
    ])
    expect(error.message).toContain(`pnpm db:tables apply --replace ${events}`)
    const { TableNames } = await client.send(new ListTablesCommand())
    expect(TableNames).not.toContain(`${prefix}MiyabiAgentState`)

    await tables.apply({ replace: [events] })
    expect((await tables.plan()).steps).toEqual([])
    expect((await describeTable(events))?.GlobalSecondaryIndexes).toHaveLength(2)
  })

  it('replaces a table of other keys only when that is named, protected or not', async () => {
    const prefix = tablePrefix()
    const tables = bind(prefix)
    const agents = await madeByOthers(prefix, agentStateTable, { keyAttributes: { pk: 'S', sk: 'N' } })
    await client.send(new PutItemCommand({ TableName: agents, Item: { pk: { S: 'a' }, sk: { N: '1' } } }))
    const other = `${prefix}MiyabiEvents`
    const error = (await rejection(tables.apply({ replace: [other] }))) as DestructiveStepsError
    expect(error).toMatchObject({ code: 'dynamo.tables.differ' })
    expect(error.message).toContain(`--replace ${other},${agents}`)
    const isProtected = (await describeTable(agents))?.DeletionProtectionEnabled
    const { done } = await tables.apply({ replace: [agents] })
    expect(done.filter(({ table }) => table === agents).map(({ does }) => does)).toEqual([
      ...(isProtected ? ['switch deletion protection off'] : []),
      'delete the table with its items',
      'create the table',
      'let items expire by ttl',
    ])
    expect((await tables.plan()).steps).toEqual([])
  })

  it('refuses to replace what is no table of ours', async () => {
    const error = await rejection(bind(tablePrefix()).apply({ replace: ['Customers'] }))
    expect(error).toMatchObject({ code: 'dynamo.invalid_input' })
  })

  it('says which server cannot be reached', async () => {
    const settings = testSettings({ endpoint: 'http://127.0.0.1:1', initialBackoffMs: 1 })
    const nowhere = createDynamoDBClient(settings)
    const tables = bindTables(nowhere, settings, host)
    for (const call of [tables.apply, tables.plan, tables.status]) {
      expect(await rejection(call())).toMatchObject({ code: 'dynamo.unreachable' })
    }
    nowhere.destroy()
  })
})

describe('tables.status', () => {
  it('tells which tables are missing, and which differ', async () => {
    const prefix = tablePrefix()
    const tables = bind(prefix)
    expect((await tables.status()).missing).toHaveLength(3)
    await tables.apply()
    const events = `${prefix}MiyabiEvents`
    if ((await describeTable(events))?.DeletionProtectionEnabled) {
      await client.send(new UpdateTableCommand({ TableName: events, DeletionProtectionEnabled: false }))
    }
    await client.send(new DeleteTableCommand({ TableName: events }))
    await client.send(
      new UpdateTableCommand({ TableName: `${prefix}MiyabiAgentState`, BillingMode: 'PAY_PER_REQUEST' }),
    )
    const status = await tables.status()
    expect(status).toMatchObject({ missing: [events] })
    expect(status.tables.map(({ status }) => status)).toEqual(['absent', 'ACTIVE', 'ACTIVE'])
    expect(status.steps.map(({ what, expected, found }) => [what, expected, found])).toEqual([
      ['table', 'present', 'absent'],
      ['billing', 'PROVISIONED', 'PAY_PER_REQUEST'],
    ])
  })
})
