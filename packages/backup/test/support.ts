import type { DynamoOptions } from '@miyabi/dynamo'
import { createDynamo, type Dynamo, type DynamoSettings, parseDynamoSettings } from '@miyabi/dynamo'
import { dynamodbEndpoint, tablePrefix } from '@miyabi/testing'

/** Settings that lead to tables of a test's own, which are made. */
export async function testTables(changes: Partial<DynamoSettings> = {}): Promise<DynamoSettings> {
  const settings = {
    ...parseDynamoSettings({ DYNAMODB_ENDPOINT: dynamodbEndpoint() }),
    tablePrefix: tablePrefix(),
    timeoutMs: 20_000,
    attemptTimeoutMs: 10_000,
  }
  await using dynamo = createDynamo(settings)
  await dynamo.tables.apply()
  return { ...settings, ...changes }
}

/** A process that writes, whose clock is off by so much. */
export const writer = (settings: DynamoSettings, skewMs = 0, options: DynamoOptions = {}): Dynamo =>
  createDynamo(settings, { ...options, now: () => Date.now() + skewMs })
