import type { LogFields } from '@miyabi/core'
import { type PrivateServer, startPrivateServer } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgres, type PostgresSettings, parsePostgresSettings } from '../src/index.js'
import { until } from './support.js'

let server: PrivateServer
beforeAll(async () => {
  server = await startPrivateServer({ settings: ['max_connections=40', 'superuser_reserved_connections=4'] })
  await server.run('CREATE ROLE app LOGIN')
})
afterAll(() => server.close())

interface Line {
  readonly fields: LogFields
  readonly message: string
}

/** The warnings when an application starts and runs a query. */
async function warningsOf(changes: Partial<PostgresSettings>): Promise<Line[]> {
  const lines: Line[] = []
  let checked: boolean | undefined
  const ignore = (): void => {}
  const debug = ({ event }: LogFields): void => {
    if (event === 'postgres.start_checked') checked = true
    if (event === 'postgres.start_check_failed') checked ??= false
  }
  const warn = (fields: LogFields, message: string): void => void lines.push({ fields, message })
  const DATABASE_URL = server.url().replace('//postgres@', '//app@')
  const settings = { ...parsePostgresSettings({ DATABASE_URL, DB_MIN_CONNECTIONS: '2' }), ...changes }
  await using postgres = createPostgres(settings, { logger: { debug, info: ignore, error: ignore, warn } })
  await postgres.pool.query('SELECT 1')
  const isChecked = await until(
    () => checked,
    (isKnown) => isKnown !== undefined,
  )
  // The check gives up soon, and a busy machine may be too slow for it.
  if (!isChecked) return warningsOf(changes)
  await Promise.all(Array.from({ length: 5 }, () => postgres.pool.query('SELECT 1')))
  return lines
}

describe('at startup', () => {
  it('one warning is logged if the pools do not fit into the server, with a size that would', async () => {
    expect(await warningsOf({ instances: 2, maxConnections: 20 })).toEqual([
      {
        fields: { event: 'postgres.pool.too_large', needed: 52, available: 36 },
        message: expect.stringContaining(
          '2 x (20 + 1) + 10 = 52 connections; the server has 36 for them: lower DB_MAX_CONNECTIONS to 12',
        ),
      },
    ])
  })

  it('nothing is logged if they fit', async () => {
    expect(await warningsOf({ instances: 2, maxConnections: 12 })).toEqual([])
  })

  it("the role's own limit counts", async () => {
    await server.run('ALTER ROLE app CONNECTION LIMIT 20')
    expect(await warningsOf({ maxConnections: 20 })).toMatchObject([{ fields: { needed: 31, available: 20 } }])
    await server.run('ALTER ROLE app CONNECTION LIMIT -1')
  })

  it('behind a pooler a warning names what sessions lack, with the SQL to set it', async () => {
    const pooled = { pooler: 'transaction', statementTimeoutMs: 1500, lockTimeoutMs: 0 } as const
    const [line, ...more] = await warningsOf(pooled)
    expect(more).toEqual([])
    expect(line?.fields).toEqual({
      event: 'postgres.pooler.session_differs',
      names: expect.arrayContaining(['statement_timeout', 'idle_in_transaction_session_timeout']),
    })
    const sql = [...(line?.message ?? '').matchAll(/ALTER ROLE [^;]*;/g)].map(([statement]) => statement)
    expect(sql).toHaveLength(2)
    await server.run(sql.join('\n'))
    expect(await warningsOf(pooled)).toEqual([])
  })
})

describe('advise', () => {
  it('reads the limits from the server, and the need from the pool', async () => {
    const DATABASE_URL = server.url().replace('//postgres@', '//app@')
    await using postgres = createPostgres(
      parsePostgresSettings({ DATABASE_URL, DB_MIN_CONNECTIONS: '0', DB_INSTANCES: '3' }),
    )
    await Promise.all(Array.from({ length: 300 }, () => postgres.pool.query('SELECT pg_sleep(0.005)')))
    const advice = await postgres.advise()
    expect(advice).toMatchObject({ needed: 73, available: 36, fits: false, largestMax: 7 })
    expect(advice.measured?.verdict).not.toBe('unmeasured')
    expect(postgres.usage()).toMatchObject({ acquires: 300, waitMs: { max: expect.any(Number) } })
    expect(postgres.usage().holdMs).toBeGreaterThan(4)
  })
})
