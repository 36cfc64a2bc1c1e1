import { inspect } from 'node:util'
import { type PrivateServer, startPrivateServer } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkHealth, createPool, createPostgres, type PostgresSettings, parsePostgresSettings } from '../src/index.js'
import { failureOf } from './support.js'

const ACCESS = 'host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n'

let server: PrivateServer
beforeAll(async () => {
  server = await startPrivateServer({ files: { 'pg_hba.conf': ACCESS } })
  await server.run(`CREATE ROLE rotating LOGIN PASSWORD 'first'`)
})
afterAll(() => server.close())

const settingsWith = (
  password: NonNullable<PostgresSettings['password']>,
  changes: Partial<PostgresSettings> = {},
): PostgresSettings => ({
  ...parsePostgresSettings({
    DATABASE_URL: server.url().replace('postgres@', 'rotating:stale@'),
    DB_MIN_CONNECTIONS: '0',
  }),
  ...changes,
  password,
})

/** For a password that is not to be had: how long a caller waits for nothing. */
const hasty = { acquireTimeoutMs: 300 }

describe('a password that is a function', () => {
  it('is asked for every new connection, so that a rotation needs no restart', async () => {
    let secret = 'first'
    let calls = 0
    await using pool = createPool(
      settingsWith(async () => {
        calls += 1
        return secret
      }),
    )
    const clients = await Promise.all([pool.connect(), pool.connect()])
    expect(calls).toBe(2)
    secret = 'second'
    await server.run(`ALTER ROLE rotating PASSWORD 'second'`)
    clients.push(await pool.connect())
    expect(calls).toBe(3)
    for (const client of clients) client.release()
    await pool.query('SELECT 1')
    expect(calls).toBe(3)
  })

  it('is used by health, and comes before the password of the URL', async () => {
    await server.run(`ALTER ROLE rotating PASSWORD 'third'`)
    expect(await checkHealth(settingsWith(() => 'third'))).toMatchObject({ version: expect.stringContaining('15') })
    expect(await checkHealth(settingsWith(() => 'first'))).toMatchObject({ problem: 'postgres.auth_failed' })
  })

  it.each<[string, NonNullable<PostgresSettings['password']>]>([
    ['throws', () => Promise.reject(new Error('vault says 403 to postgresql://app:hunter2@vault'))],
    [
      'throws at once',
      () => {
        throw new TypeError('vault://a:hunter2@b')
      },
    ],
    ['gives nothing', () => ''],
    ['gives no text', (() => 42) as never],
  ])('that %s fails what needed the connection, typed, and names no password', async (_what, password) => {
    await using postgres = createPostgres(settingsWith(password, hasty))
    // A vault that hiccups may answer next time, so the caller waits as long as it may.
    const error = await failureOf(postgres.pool.connect())
    expect(error).toMatchObject({
      code: 'postgres.pool.acquire_timeout',
      details: { lastConnectFailure: { code: 'postgres.password_failed' } },
      cause: { code: 'postgres.password_failed', retryable: true, effect: 'none' },
    })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hunter2|stale/)
    expect(await postgres.health()).toMatchObject({ status: 'down', problem: 'postgres.password_failed' })
  })

  it('that fails leaves no half-open session on the server', async () => {
    const pool = createPool(settingsWith(() => Promise.reject(new Error('no')), hasty))
    await failureOf(pool.connect())
    const start = performance.now()
    await pool.close(60_000)
    expect(performance.now() - start).toBeLessThan(20_000) // not the grace that work is given
  })

  it('that never answers counts against the connect timeout', async () => {
    await using pool = createPool(
      settingsWith(() => new Promise(() => {}), { connectTimeoutMs: 100, acquireTimeoutMs: 300 }),
    )
    expect(await failureOf(pool.connect())).toMatchObject({ cause: { code: 'postgres.connect_timeout' } })
  })

  it('shows up nowhere when a pool is printed', async () => {
    await using pool = createPool(settingsWith(() => 'third'))
    await pool.query('SELECT 1')
    expect(inspect(pool, { depth: 9, showHidden: false })).not.toMatch(/third|stale/)
  })
})
