import { readStack } from '@miyabi/core'
import { isRunning } from '@miyabi/core/process'
import { createTestDatabase, dynamodbEndpoint, startDynamoProxy, tablePrefix } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { makeStackFolder, readTotals, startDemo } from './run-demo.js'

describe('the demo, killed in the middle of its events', () => {
  it('leaves what the next run completes: the same totals, nothing twice', async () => {
    await using database = await createTestDatabase()
    let puts = 0
    // The first 25 events are stored; with the next request the process dies.
    await using proxy = await startDynamoProxy(dynamodbEndpoint(), ({ operation }) => {
      if (operation !== 'PutItem' || ++puts <= 25) return 'pass'
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
      deliveries: { added: 229, total: 329 },
      executions: { total: 108 },
      usageEvents: { total: 108 },
      events: { total: 329 },
    })
    expect(totals['events']?.added).toBeGreaterThan(229)
    expect(totals['events']?.added).toBeLessThan(329)
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
