import type { TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DatabaseContext } from '../src/index.js'
import { testEnvironment } from './environment.js'
import { TestProcess } from './process.js'

let database: TestDatabase
let env: Record<string, string>
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
})
afterAll(() => database.drop())

/** As a serverless function: opened outside the handler, which runs once for every signal. */
const FUNCTION = `
  const db = miyabi.sharedDatabase()
  let calls = 0
  process.on('SIGUSR2', async () => {
    const person = db.as({ userId: '00000000-0000-7000-8000-000000000000' })
    const users = await person.pg.user.count()
    const { pid } = (await person.query('SELECT pg_backend_pid() AS pid')).rows[0]
    console.log(pid)
    console.log('call ' + (calls += 1) + ': ' + users + ' users, connections: ' + db.stats().postgres.total)
  })
  setInterval(() => {}, 60_000)
  console.log('loaded')`

it.runIf(process.platform !== 'win32')(
  'a process that was frozen between two calls, while its sessions ended, answers the next as if nothing had been',
  async () => {
    const small = { DB_MIN_CONNECTIONS: '0', DB_MAX_CONNECTIONS: '1' }
    await using app = new TestProcess(FUNCTION, { ...env, ...small })
    await using admin = await DatabaseContext.fromEnv({ env: { ...env, DATABASE_URL: database.directDatabaseUrl } })
    const call = async (number: number): Promise<number> => {
      app.child.kill('SIGUSR2')
      await app.says(`call ${number}: 0 users, connections: 1`)
      return Number(app.lines.at(-2))
    }

    await app.says('loaded')
    const session = await call(1)
    app.child.kill('SIGSTOP')
    await admin.pg.$queryRaw`SELECT pg_terminate_backend(${session}::int)`
    await expect
      .poll(() => admin.pg.$queryRaw`SELECT pid FROM pg_stat_activity WHERE pid = ${session}::int`)
      .toEqual([])
    app.child.kill('SIGCONT')
    expect(await call(2)).not.toBe(session)
  },
)
