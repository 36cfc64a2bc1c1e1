import { readStack } from '@miyabi/core'
import { isRunning } from '@miyabi/core/process'
import { createTestDatabase, dynamodbEndpoint, sql, startDynamoProxy, tablePrefix } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { makeStackFolder, readTotals, startDemo } from './run-demo.js'

/** With which of its events it is killed. */
const KILLED_AT = process.env['MIYABI_TEST_LONG'] === '1' ? [1, 26, 101, 150, 250, 329] : [26]

describe('the demo, killed in the middle of its events', () => {
  it.each(KILLED_AT)('leaves what the next run completes: the same totals, nothing twice (event %i)', async (last) => {
    await using database = await createTestDatabase()
    let puts = 0
    // Some events are stored; with the next request the process dies.
    await using proxy = await startDynamoProxy(dynamodbEndpoint(), ({ operation }) => {
      if (operation !== 'PutItem' || ++puts < last) return 'pass'
      killed.process.kill('SIGKILL')
      return 'hang'
    })
    const env = {
      DATABASE_URL: database.databaseUrl,
      DIRECT_DATABASE_URL: database.directDatabaseUrl,
      SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
      DYNAMODB_TABLE_PREFIX: tablePrefix(),
    }
    const killed = startDemo({ ...env, DYNAMODB_ENDPOINT: proxy.endpoint })
    expect((await killed.ended).exitCode).toBeNull()

    const { exitCode, stdout, stderr } = await startDemo({ ...env, DYNAMODB_ENDPOINT: dynamodbEndpoint() }).ended
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const totals = readTotals(stdout)
    expect(totals).toMatchObject({
      deliveries: { total: 329 },
      executions: { total: 108 },
      usageEvents: { total: 108 },
      events: { total: 329 },
    })
    // What was committed before is not stored again, and events of it were left to append.
    expect(totals['deliveries']?.added).toBeLessThan(329)
    expect(totals['events']?.added).toBeGreaterThan(0)
    expect(await sql(database.directDatabaseUrl, 'SELECT FROM outbox UNION ALL SELECT FROM outbox_dead')).toEqual([])
  })
})

describe('the demo, interrupted on its embedded servers', () => {
  it('closes everything, leaves no process, and says so with its exit code', async () => {
    using folder = makeStackFolder()
    const demo = startDemo({ MIYABI_STACK_DIR: folder.path })
    await demo.printed('3. ')
    const stack = readStack(folder.path)
    demo.process.kill('SIGINT')
    expect(await demo.ended).toMatchObject({ exitCode: 130, stderr: 'interrupted\n' })
    expect(stack).toBeDefined()
    // The ended supervisor has an entry in the process table until the system's first process collects it.
    await expect.poll(() => stack && isRunning(stack.pid)).toBe(false)
    expect(readStack(folder.path)).toBeUndefined()
  })

  it('stops Prisma too when it is still migrating', async () => {
    using folder = makeStackFolder()
    const demo = startDemo({ MIYABI_STACK_DIR: folder.path })
    await demo.printed('the embedded servers')
    demo.process.kill('SIGTERM')
    expect(await demo.ended).toMatchObject({ exitCode: 143, stderr: 'interrupted\n' })
    expect(readStack(folder.path)).toBeUndefined()
  })
})
