import { inspect } from 'node:util'
import { ConfigError, type Environment } from '@miyabi/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePostgresSettings, postgresSettings } from './config.js'
import { resolvePostgresSettings } from './resolve.js'

const DATABASE_URL = 'postgresql://app:hunter2@db.example.com:5432/miyabi'

/** The faults of an environment, by variable; undefined where there are none. */
function faultsOf(env: Environment): readonly string[] | undefined {
  try {
    parsePostgresSettings(env)
    return undefined
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.details.faults.map((fault) => fault.name)
  }
}

describe('parsePostgresSettings', () => {
  it('needs one variable, and has the documented defaults for the rest', () => {
    expect(parsePostgresSettings({ DATABASE_URL })).toEqual({
      databaseUrl: DATABASE_URL,
      directDatabaseUrl: DATABASE_URL,
      serviceDatabaseUrl: undefined,
      serviceMaxConnections: 5,
      privilegedLogin: 'warn',
      maxConnections: 20,
      minConnections: 5,
      instances: 1,
      leakThresholdMs: 0,
      connectTimeoutMs: 10_000,
      acquireTimeoutMs: 5000,
      idleTimeoutMs: 600_000,
      maxLifetimeMs: 1_800_000,
      testBeforeAcquire: true,
      testBypassMs: 500,
      statementTimeoutMs: 60_000,
      lockTimeoutMs: 10_000,
      idleInTransactionTimeoutMs: 60_000,
      applicationName: 'miyabi',
      pooler: 'none',
      compiledQueries: true,
    })
  })

  it('refuses a privileged login in production alone, and nowhere where it is allowed', () => {
    const modeOf = (env: Environment) => parsePostgresSettings({ DATABASE_URL, ...env }).privilegedLogin
    expect(modeOf({ NODE_ENV: 'test' })).toBe('warn')
    expect(modeOf({ NODE_ENV: 'production' })).toBe('refuse')
    expect(modeOf({ NODE_ENV: 'production', DB_ALLOW_PRIVILEGED_LOGIN: 'true' })).toBe('allow')
  })

  it('takes a blank text for unset', () => {
    expect(parsePostgresSettings({ DATABASE_URL, DB_MAX_CONNECTIONS: ' ', DIRECT_DATABASE_URL: '' })).toEqual(
      parsePostgresSettings({ DATABASE_URL }),
    )
  })

  it('reports every fault at once, by variable', () => {
    const env = {
      DATABASE_URL: 'mysql://app@host/db',
      DIRECT_DATABASE_URL: 'nonsense',
      DB_MAX_CONNECTIONS: '-1',
      DB_MIN_CONNECTIONS: '1e9',
      DB_ACQUIRE_TIMEOUT: '5s',
      DB_TEST_BEFORE_ACQUIRE: 'maybe',
    }
    expect(faultsOf(env)).toEqual([
      'DATABASE_URL',
      'DB_MAX_CONNECTIONS',
      'DB_MIN_CONNECTIONS',
      'DB_ACQUIRE_TIMEOUT',
      'DB_TEST_BEFORE_ACQUIRE',
      'DIRECT_DATABASE_URL',
    ])
  })

  it('says that DATABASE_URL is not set, beside the other faults', () => {
    expect(faultsOf({ DB_MAX_CONNECTIONS: '0' })).toEqual(['DATABASE_URL', 'DB_MAX_CONNECTIONS'])
  })

  it('refuses a minimum above the maximum, and lowers only the default', () => {
    expect(faultsOf({ DATABASE_URL, DB_MAX_CONNECTIONS: '3', DB_MIN_CONNECTIONS: '5' })).toEqual(['DB_MIN_CONNECTIONS'])
    expect(faultsOf({ DATABASE_URL, DB_MIN_CONNECTIONS: '30' })).toEqual(['DB_MIN_CONNECTIONS'])
    expect(parsePostgresSettings({ DATABASE_URL, DB_MAX_CONNECTIONS: '3' }).minConnections).toBe(3)
  })

  it('gives a configuration or names every fault, for any environment, and never a secret', () => {
    const secret = 'Zq7hunter2Zq7'
    const url = fc.constantFrom(
      DATABASE_URL,
      `postgres://u:${secret}@h/d?sslmode=require`,
      `postgresql://u:${secret}@h/d?connection_limit=5&password=${secret}`,
      `postgresql://u:${secret}@[::1]:70000/d`,
      `postgresql://u:${secret}%zz@h/d`,
      `http://u:${secret}@h/d`,
      `u:${secret}@h`,
      `postgresql://:${secret}@h`,
    )
    const number = fc.oneof(
      fc.integer({ min: -10, max: 2000 }).map(String),
      fc.double().map(String),
      fc.constantFrom('', ' ', '0', '5', '0.5', '1e3', '0x10', 'NaN', '٣', '5s', '+7'),
    )
    const names = Object.keys(postgresSettings.fields)
    const environment = fc.record(
      Object.fromEntries(
        names.map((name) => [name, fc.oneof(name.endsWith('_URL') ? url : number, fc.string({ unit: 'binary' }))]),
      ),
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(environment, (env) => {
        try {
          const settings = parsePostgresSettings(env)
          const numbers = Object.values(settings).filter((value) => typeof value === 'number')
          expect(numbers.length).toBeGreaterThan(10)
          expect(numbers.every((value) => Number.isFinite(value) && value >= 0)).toBe(true)
          expect(settings.minConnections).toBeLessThanOrEqual(settings.maxConnections)
          expect(settings.acquireTimeoutMs).toBeGreaterThan(0)
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error
          for (const [name, { schema }] of Object.entries(postgresSettings.fields)) {
            if (!schema.safeParse(env[name]).success) expect(error.message).toContain(`${name}: `)
          }
          expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('a password that was not percent-encoded', () => {
  const PIECES = /hunter|two3/
  it.each([
    'hunter/two3',
    'hunter?two3',
    'hunter#two3',
    'hunter@x/two3',
    'hunter:12/two3',
    '12#two3',
    '12?two3',
    'hunter%two3',
    'hunter@x?two3=1',
    'hunter\ttwo3',
  ])('%j is told as that by each variable, as user and as password, and no piece of it appears anywhere', (text) => {
    for (const login of [`app:${text}`, `${text}:x`, text]) {
      const url = `postgresql://${login}@host:5432/db?sslmode=require`
      const env = { DATABASE_URL: url, DIRECT_DATABASE_URL: url, SERVICE_DATABASE_URL: url }
      const error = failureOf(() => parsePostgresSettings(env))
      expect((error as ConfigError).details.faults.map(({ name }) => name)).toEqual(Object.keys(env))
      expect((error as ConfigError).message.match(/must be percent-encoded/g)).toHaveLength(3)
      const byHand = { ...parsePostgresSettings({ DATABASE_URL }), databaseUrl: url, serviceDatabaseUrl: url }
      for (const role of ['application', 'service'] as const) {
        const refused = failureOf(() => resolvePostgresSettings(byHand, role))
        expect(refused).toMatchObject({ code: 'config.invalid', message: expect.stringContaining('percent-encoded') })
        expect(shown(refused)).not.toMatch(PIECES)
      }
      expect(shown(error)).not.toMatch(PIECES)
    }
  })
})

function failureOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

const shown = (error: unknown): string =>
  [inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true }), (error as Error).stack].join('\n')
