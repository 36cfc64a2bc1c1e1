import { isRunning, readStack } from '@miyabi/core'
import { createTestDatabase, dynamodbEndpoint, sql, startDynamoProxy, tablePrefix, until } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { makeStackFolder, readTotals, startDemo } from './run-demo.js'

/** With which of its requests it is killed: an event that is stored, or a page of the stream that is counted. */
const KILLED_AT: readonly (readonly [operation: string, number: number])[] =
  process.env['MIYABI_TEST_LONG'] === '1'
    ? [
        ...[1, 26, 101, 150, 250, 329, 460].map((number) => ['PutItem', number] as const),
        ...[1, 2, 3, 4, 5, 6].map((number) => ['GetRecords', number] as const),
      ]
    : [['PutItem', 260]]

describe('the demo, killed in the middle of its events', () => {
  it.each(KILLED_AT)(
    'leaves what the next run completes: the same totals, nothing twice (%s %i)',
    async (what, last) => {
      await using database = await createTestDatabase()
      let requests = 0
      // Some events are stored, and some of them counted; with the next request the process dies.
      await using proxy = await startDynamoProxy(dynamodbEndpoint(), ({ operation }) => {
        if (operation !== what || ++requests < last) return 'pass'
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
      const admin = (text: string) => sql(database.directDatabaseUrl, text)
      // The server may still be at what the dead process asked last.
      const sessions = 'SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename <> current_user'
      await until(async () => (await admin(sessions)).length === 0)
      const [committed] = await admin('SELECT count(*)::int AS deliveries FROM logs')

      const { exitCode, stdout, stderr } = await startDemo({ ...env, DYNAMODB_ENDPOINT: dynamodbEndpoint() }).ended
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      const totals = readTotals(stdout)
      expect(totals).toMatchObject({
        deliveries: { total: 329 },
        executions: { total: 108 },
        usageEvents: { total: 137 },
        events: { total: 466 },
      })
      // What was committed before is not stored again, and events of it were left to append, or to count.
      expect(totals['deliveries']?.added).toBe(329 - Number(committed?.['deliveries']))
      expect((totals['events']?.added ?? 0) + (totals['usageEvents']?.added ?? 0)).toBeGreaterThan(0)
      expect(await admin('SELECT FROM outbox UNION ALL SELECT FROM outbox_dead')).toEqual([])
      expect(await admin('SELECT FROM stream_dead')).toEqual([])
      // Of 108 executions 29 are of issues, and the sums say so, too.
      const [sums] = await admin(`
      SELECT sum(issues)::int AS issues, sum((SELECT sum(n::int) FROM jsonb_each_text(agent_executions) AS one (agent, n)))::int AS executions
        FROM usage_aggregates`)
      expect(sums).toEqual({ issues: 29, executions: 108 })
    },
  )
})

describe('the demo, interrupted on its embedded servers', () => {
  it('closes everything, leaves no process, and says so with its exit code', async () => {
    using folder = makeStackFolder()
    const demo = startDemo({ MIYABI_STACK_DIR: folder.path })
    await demo.printed('1. The pool')
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
    await demo.printed('applying the migrations')
    demo.process.kill('SIGTERM')
    expect(await demo.ended).toMatchObject({ exitCode: 143, stderr: 'interrupted\n' })
    expect(readStack(folder.path)).toBeUndefined()
  })
})
