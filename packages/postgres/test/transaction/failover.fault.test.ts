import { type PrivateServer, startPrivateServer } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgres, type Postgres, parsePostgresSettings } from '../../src/index.js'
import { failureOf } from '../support.js'

let standby: PrivateServer
let postgres: Postgres
beforeAll(async () => {
  // What a primary is after a failover: a standby, which answers queries and refuses writes.
  standby = await startPrivateServer({ files: { 'standby.signal': '' } })
  postgres = createPostgres(parsePostgresSettings({ DATABASE_URL: standby.url(), DB_MIN_CONNECTIONS: '0' }))
})
afterAll(async () => {
  await postgres?.close()
  await standby?.close()
})

describe('a write that a standby refuses', () => {
  it('says so, and gives its connection up, because the next one may lead to the new primary', async () => {
    const error = await failureOf(
      postgres.transaction((tx) => tx.$executeRaw`CREATE TABLE t (n int)`, { retry: false }),
    )
    expect(error).toMatchObject({
      code: 'postgres.standby',
      retryable: true,
      effect: 'none',
      details: { sqlState: '25006' },
    })
    expect(postgres.stats().total).toBe(0)
    const refused = await failureOf(postgres.pool.query('CREATE TABLE t (n int)'))
    expect(refused).toMatchObject({ code: '25006' })
    expect(postgres.stats().total).toBe(0)
  })

  it('is made again, and succeeds once there is a primary', async () => {
    let attempts = 0
    await postgres.transaction(async (tx, { attempt }) => {
      attempts = attempt
      if (attempt === 2) await standby.run('SELECT pg_promote()')
      await tx.$executeRaw`CREATE TABLE t (n int)`
    })
    expect(attempts).toBeGreaterThanOrEqual(2)
    expect((await postgres.pool.query('SELECT * FROM t')).rowCount).toBe(0)
  })

  it('is not what a read-only transaction is: that would be refused again', async () => {
    let attempts = 0
    const failing = postgres.transaction(async (tx) => {
      attempts += 1
      await tx.$executeRaw`SET TRANSACTION READ ONLY`
      await tx.$executeRaw`CREATE TABLE never (n int)`
    })
    expect(await failureOf(failing)).toMatchObject({ code: 'postgres.read_only', retryable: false })
    expect(attempts).toBe(1)
  })
})
