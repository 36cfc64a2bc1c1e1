import { UpdateTableCommand } from '@aws-sdk/client-dynamodb'
import { dynamodbEndpoint, tablePrefix } from '@miyabi/testing'
import { expect } from 'vitest'
import { createDynamo, type Dynamo } from '../src/dynamo.js'
import type { DynamoOptions } from '../src/options.js'
import { type DynamoSettings, parseDynamoSettings } from '../src/settings/config.js'

/** The settings for the server of the run, with whatever a test changes. */
export function testSettings(changes: Partial<DynamoSettings> = {}): DynamoSettings {
  return { ...parseDynamoSettings({ DYNAMODB_ENDPOINT: dynamodbEndpoint() }), ...changes }
}

/** Generous enough for two busy cores; tests of deadlines set their own. */
const patient = { timeoutMs: 20_000, attemptTimeoutMs: 10_000 }

/** DynamoDB with tables of its own, made before the settings of the test apply. */
export async function testDynamo(
  options: DynamoOptions & { readonly settings?: Partial<DynamoSettings> } = {},
): Promise<Dynamo> {
  return createDynamo({ ...(await testTables()), ...options.settings }, options)
}

/** The settings that lead to tables of a test's own. */
export async function testTables(): Promise<DynamoSettings> {
  return testSettings({ ...patient, tablePrefix: await newTables() })
}

/** The prefix of a file's tables, by the file: several files run in one process. */
const shared = new Map<string | undefined, Promise<string>>()

/** The same with the tables that the tests of a file share, each with keys of its own. */
export async function sharedDynamo(changes: Partial<DynamoSettings>, options: DynamoOptions = {}): Promise<Dynamo> {
  const { testPath } = expect.getState()
  const tables = shared.get(testPath) ?? newTables()
  shared.set(testPath, tables)
  return createDynamo({ ...testSettings({ ...patient, tablePrefix: await tables }), ...changes }, options)
}

/** Makes them, and gives the prefix of their names. */
async function newTables(): Promise<string> {
  const prefix = tablePrefix()
  await using maker = createDynamo(testSettings({ ...patient, tablePrefix: prefix }))
  await maker.tables.apply()
  return prefix
}

/**
 * Ends the stream of events, for tests of very many: the embedded engine takes longer for each write the more a stream
 * holds.
 */
export async function withoutStream(of: Dynamo): Promise<Dynamo> {
  const TableName = (await of.tables.status()).tables[0]?.table
  await of.client.send(new UpdateTableCommand({ TableName, StreamSpecification: { StreamEnabled: false } }))
  return of
}

/** A clock that a test sets. */
export interface TestClock {
  (): number
  ms: number
}

export function testClock(ms: number): TestClock {
  const clock = (() => clock.ms) as TestClock
  clock.ms = ms
  return clock
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not reject')
}
