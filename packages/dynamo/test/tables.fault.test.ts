import {
  type DynamoAnswer,
  type DynamoFault,
  type DynamoRequest,
  dynamodbEndpoint,
  startDynamoProxy,
  tablePrefix,
} from '@miyabi/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDynamo, type Dynamo } from '../src/dynamo.js'
import type { TableProgress } from '../src/tables/options.js'
import { rejection, testSettings } from './support.js'

let decide: (request: DynamoRequest) => DynamoFault
let proxy: Awaited<ReturnType<typeof startDynamoProxy>>
let dynamo: Dynamo

beforeEach(async () => {
  decide = () => 'pass'
  proxy = await startDynamoProxy(dynamodbEndpoint(), (request) => decide(request))
  // One call may meet several faults in a row, as three tables share the proxy's count of requests.
  const patient = { timeoutMs: 20_000, attemptTimeoutMs: 10_000, initialBackoffMs: 5, maxAttempts: 12 }
  dynamo = createDynamo(testSettings({ ...patient, endpoint: proxy.endpoint, tablePrefix: tablePrefix() }))
})
afterEach(async () => {
  await dynamo.close()
  await proxy.close()
})

/** An answer of an operation that the embedded engine does not have. */
const answer = (members: object): DynamoFault => ({ error: '', status: 200, members })

describe('tables.apply under way', () => {
  it('switches point-in-time recovery on, which a young table does not take yet', async () => {
    const on = new Set<string>()
    let refusals = 0
    decide = ({ operation, body }) => {
      const { TableName } = JSON.parse(body) as { TableName: string }
      const PointInTimeRecoveryStatus = on.has(TableName) ? 'ENABLED' : 'DISABLED'
      if (operation === 'DescribeContinuousBackups') {
        return answer({
          ContinuousBackupsDescription: { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus } },
        })
      }
      if (operation !== 'UpdateContinuousBackups') return 'pass'
      if (refusals++ === 0) return { error: 'ContinuousBackupsUnavailableException' }
      on.add(TableName)
      return answer({})
    }
    const { done, unverifiable } = await dynamo.tables.apply()
    expect(done.filter(({ what }) => what === 'point-in-time recovery')).toHaveLength(3)
    expect(unverifiable.map(({ what }) => what)).not.toContain('point-in-time recovery')
    expect((await dynamo.tables.plan()).steps).toEqual([])
  })

  it('waits for an index that is being built, and says so, before the next step', async () => {
    await dynamo.tables.apply()
    let isBuilding = true
    decide = ({ operation }) => (operation === 'DescribeTable' && isBuilding ? { edit: building } : 'pass')
    const progress: TableProgress[] = []
    await dynamo.tables.apply({
      onProgress(one) {
        progress.push(one)
        isBuilding = false
      },
    })
    expect(progress[0]).toMatchObject({ says: expect.stringMatching(/^the index \w+ is CREATING, backfilling$/) })
    expect(progress[0]?.waitedMs).toBeGreaterThan(1000)
  })

  it('says what was not ready in time', async () => {
    await dynamo.tables.apply()
    decide = ({ operation }) => (operation === 'DescribeTable' ? { edit: building } : 'pass')
    expect(await rejection(dynamo.tables.apply({ waitMs: 100 }))).toMatchObject({
      code: 'dynamo.tables.not_ready',
      retryable: true,
      message: expect.stringContaining('CREATING'),
    })
  })

  it('comes through throttling, server errors and lost answers, each step done once', async () => {
    let count = 0
    const faults: DynamoFault[] = ['lose-answer', { error: 'ThrottlingException' }, { error: 'X', status: 500 }]
    decide = () => faults[count++ % 7] ?? 'pass'
    await dynamo.tables.apply()
    decide = () => 'pass'
    expect((await dynamo.tables.plan()).steps).toEqual([])
  })
})

/** A description in which every index is still being built. */
function building(answer: DynamoAnswer): DynamoAnswer {
  const Table = answer['Table'] as { readonly GlobalSecondaryIndexes?: readonly object[] }
  const indexes = Table.GlobalSecondaryIndexes?.map((one) => ({ ...one, IndexStatus: 'CREATING', Backfilling: true }))
  return { Table: { ...Table, ...(indexes ? { GlobalSecondaryIndexes: indexes } : {}) } }
}
