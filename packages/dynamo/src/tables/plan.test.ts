import type { TableDescription } from '@aws-sdk/client-dynamodb'
import { describe, expect, it } from 'vitest'
import type { ActualTable } from './actual.js'
import { scalingTargets } from './auto-scaling.js'
import { attributeDefinitions, keySchema, type TableDefinition, throughput, toIndexInput } from './definition.js'
import { agentStateTable, eventsTable, tableDefinitions } from './definitions.js'
import { planTable } from './plan.js'

/** A table exactly as its definition says, as AWS would describe it. */
function asDefined(definition: TableDefinition, changes: Partial<TableDescription> = {}): ActualTable {
  const { billing, stream } = definition
  return {
    description: {
      TableName: definition.name,
      TableArn: 'arn:aws:dynamodb:::table/T',
      TableStatus: 'ACTIVE',
      KeySchema: keySchema(definition),
      AttributeDefinitions: attributeDefinitions(definition),
      ...(billing.mode === 'PROVISIONED'
        ? { ProvisionedThroughput: throughput(billing) }
        : { BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' } }),
      GlobalSecondaryIndexes: definition.indexes.map((index) => toIndexInput(index, billing)),
      ...(stream ? { StreamSpecification: { StreamEnabled: true, StreamViewType: stream } } : {}),
      SSEDescription: { Status: 'ENABLED', SSEType: 'KMS' },
      DeletionProtectionEnabled: true,
      ...changes,
    },
    ttl: { TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' },
    pointInTimeRecovery: true,
    tags: definition.tags,
    scaling: scalingTargets(definition, definition.name),
  }
}

const plan = (definition: TableDefinition, actual: ActualTable, isAws = true) =>
  planTable(definition, actual, { table: definition.name, isAws })
const does = (...[definition, actual]: Parameters<typeof plan>) =>
  plan(definition, actual).steps.map((step) => step.does)

describe('planTable', () => {
  it.each(tableDefinitions)('has nothing to do at $name as it is defined', (definition) => {
    expect(plan(definition, asDefined(definition))).toEqual({ steps: [], unverifiable: [] })
  })

  it('takes silence of AWS for its default, and of any other server for silence', () => {
    const actual = asDefined(eventsTable, { SSEDescription: undefined })
    expect(does(eventsTable, actual)).toEqual(['encrypt with KMS'])
    expect(plan(eventsTable, actual, false)).toEqual({
      steps: [],
      unverifiable: [{ table: 'MiyabiEvents', what: 'encryption' }],
    })
  })

  it('calls nothing fine that the server does not tell', () => {
    const silent = { pointInTimeRecovery: undefined, tags: undefined, scaling: undefined }
    const { description, ttl } = asDefined(agentStateTable, { DeletionProtectionEnabled: undefined })
    expect(plan(agentStateTable, { description, ttl, ...silent }).unverifiable.map(({ what }) => what)).toEqual([
      'point-in-time recovery',
      'tags',
      'auto scaling',
      'deletion protection',
    ])
  })

  it('switches on what is off: recovery, and protection after everything else', () => {
    const actual = {
      ...asDefined(eventsTable, { DeletionProtectionEnabled: false }),
      pointInTimeRecovery: false,
      tags: {},
    }
    expect(does(eventsTable, actual)).toEqual([
      'keep backups for point-in-time recovery',
      'tag with application=miyabi',
      'switch deletion protection on',
    ])
  })

  it('registers what does not scale, or scales between other bounds', () => {
    const actual = asDefined(agentStateTable)
    const [write] = actual.scaling ?? []
    expect(plan(agentStateTable, { ...actual, scaling: write ? [{ ...write, max: 40 }] : [] }).steps).toMatchObject([
      { expected: 'dynamodb:table:WriteCapacityUnits 5 to 100 at 70%', found: '5 to 40 at 70%' },
      { expected: 'dynamodb:table:ReadCapacityUnits 10 to 200 at 70%', found: 'not registered' },
    ])
  })

  it('ends a stream of another view before it begins the right one, which loses records', () => {
    const StreamSpecification = { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' } as const
    expect(plan(eventsTable, asDefined(eventsTable, { StreamSpecification })).steps).toMatchObject([
      { does: 'end the stream of KEYS_ONLY', destructive: true },
      { does: 'begin a stream of NEW_AND_OLD_IMAGES', destructive: false },
    ])
  })

  it('deletes before it creates where an index has other keys, one in each request', () => {
    const found = [{ name: 'byUser', partitionKey: 'up', sortKey: 'sk' }, ...eventsTable.indexes.slice(1)]
    const GlobalSecondaryIndexes = found.map((index) => toIndexInput(index, eventsTable.billing))
    const { steps } = plan(eventsTable, asDefined(eventsTable, { GlobalSecondaryIndexes }))
    expect(steps).toMatchObject([
      { does: 'delete the index byUser', destructive: true },
      { does: 'create the index byUser', destructive: false },
    ])
    for (const { request } of steps) {
      expect(request).toMatchObject({ input: { GlobalSecondaryIndexUpdates: { length: 1 } } })
    }
  })

  it('gives the indexes of a table their capacity when it becomes provisioned', () => {
    const definition: TableDefinition = { ...eventsTable, billing: agentStateTable.billing }
    const [step] = plan(definition, asDefined(eventsTable)).steps
    const ProvisionedThroughput = { ReadCapacityUnits: 10, WriteCapacityUnits: 5 }
    expect(step?.request).toEqual({
      operation: 'UpdateTable',
      input: {
        BillingMode: 'PROVISIONED',
        ProvisionedThroughput,
        GlobalSecondaryIndexUpdates: ['byUser', 'byRepository'].map((IndexName) => ({
          Update: { IndexName, ProvisionedThroughput },
        })),
      },
    })
  })

  it('names no attribute to DynamoDB that is in no key, which it would refuse', () => {
    const { request } = plan(eventsTable, asDefined(eventsTable, { GlobalSecondaryIndexes: [] })).steps[0] ?? {}
    const input = request?.operation === 'UpdateTable' ? request.input : {}
    expect(input.AttributeDefinitions?.map(({ AttributeName }) => AttributeName)).toEqual(['pk', 'sk', 'up', 'i'])
  })
})
