import { readStack } from '@miyabi/core'
import { createTestDatabase, dynamodbEndpoint, tablePrefix } from '@miyabi/testing'
import { expect, it } from 'vitest'
import { makeStackFolder, readTotals, startDemo } from './run-demo.js'

/** What the 329 deliveries become; the pure mapping is pinned in src/webhooks. */
const TOTALS = {
  customers: 3,
  subscriptions: 4,
  deliveries: 329,
  webUsers: 29,
  repositories: 19,
  executions: 108,
  logLines: 247,
  usageEvents: 137,
  events: 466,
}

const rows = (added: boolean) =>
  Object.fromEntries(Object.entries(TOTALS).map(([name, total]) => [name, { added: added ? total : 0, total }]))

it('runs on the servers named in the environment, and adds nothing the second time', async () => {
  await using database = await createTestDatabase({ empty: true })
  const env = {
    DATABASE_URL: database.databaseUrl,
    DIRECT_DATABASE_URL: database.directDatabaseUrl,
    SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
    DYNAMODB_ENDPOINT: dynamodbEndpoint(),
    DYNAMODB_TABLE_PREFIX: tablePrefix(),
  }

  const first = await startDemo(env).ended
  expect(first).toMatchObject({ exitCode: 0, stderr: '' })
  expect(readTotals(first.stdout)).toEqual(rows(true))
  // The same query by two users.
  expect(first.stdout).toMatch(/^ +Aoi +miyabi-operations-pro, miyabi-security-scanner$/m)
  expect(first.stdout).toMatch(/^ +Mei +miyabi-operations-free$/m)
  expect(first.stdout).toContain('no identity: postgres.identity.missing')
  expect(first.stdout).toMatch(/of this run +4 +4 +4 +0$/m)
  expect(first.stdout).toContain('dynamo.agent_state.stale, completed by now')
  expect(first.stdout).toContain('steps to bring them up to date: 0; unverifiable here: point-in-time recovery')
  // An event costs one unit in its table and one in each of its indexes; a rejected write is billed too.
  expect(first.stdout).toMatch(/^ +PutItem +MiyabiEvents +\d+ +0 +[1-9]\d* +[1-9]\d*$/m)
  expect(first.stdout).toMatch(/^ +TransactWriteItems +MiyabiAgentState +4 +0 +18 +1$/m)

  expect(first.stdout).toMatch(/^ +miyabi_statements_total\{.*miyabi_path="bulk"\} [1-9]\d*$/m)
  expect(first.stdout).toMatch(/^ +(no statement took 250 ms|slow statements +runs)/m)

  const second = await startDemo(env).ended
  expect(second).toMatchObject({ exitCode: 0, stderr: '' })
  expect(readTotals(second.stdout)).toEqual(rows(false))
  expect(second.stdout).toMatch(/of this run +0 +0 +0 +0$/m)
  expect(second.stdout).toContain('dynamo.agent_state.stale, completed by now')
  expect(second.stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
})

it('reports what to do without a DynamoDB engine, and leaves nothing running', async () => {
  using folder = makeStackFolder()
  const { exitCode, stderr } = await startDemo({ MIYABI_STACK_DIR: folder.path, DYNOXIDE_BIN: '/nowhere/dynoxide' })
    .ended
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(/error demo\.no_dynamodb\n.*DYNAMODB_ENDPOINT/s)
  expect(stderr).not.toMatch(/^ +at /m)
  expect(readStack(folder.path)).toBeUndefined()
})

it('names every fault of the environment, without a stack', async () => {
  const { exitCode, stderr } = await startDemo({
    DATABASE_URL: 'postgresql://miyabi_app:secret@127.0.0.1:1/miyabi',
    DYNAMODB_ENDPOINT: 'nonsense',
    DB_MAX_CONNECTIONS: '-1',
  }).ended
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(/error config\.invalid\n.*DB_MAX_CONNECTIONS.*DYNAMODB_ENDPOINT/s)
  expect(stderr).not.toContain('secret')
  expect(stderr).not.toMatch(/^ +at /m)
})
