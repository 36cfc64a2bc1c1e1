import { ConfigError } from '@miyabi/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { knownVariables, parseDatabaseSettings, settingsGroups } from './settings.js'

/** A few hundred environments in `pnpm test`, the whole count in `pnpm test:long`. */
const runs = process.env['MIYABI_TEST_LONG'] ? 10_000 : 300

const PASSWORD = 'correct-horse-battery'

const odd = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '0',
    '-1',
    '5',
    '20',
    '1e9',
    '99999999999999999999',
    'NaN',
    'Infinity',
    '5s',
    '1.5',
    'true',
    'OFF',
  ),
  fc.constantFrom(
    'http://127.0.0.1:8000',
    'eu-west-1',
    'mars-north-1',
    'production',
    'development',
    `${PASSWORD}@host`,
  ),
  fc.constantFrom(
    `postgresql://app:${PASSWORD}@localhost/miyabi`,
    `postgres://app:${PASSWORD}@h:99999/m`,
    `mysql://a:${PASSWORD}@h/m`,
    `postgresql://app:${PASSWORD}`,
    `postgresql://a:p#${PASSWORD}@h/m`,
    `http://${PASSWORD}:x@h`,
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
)
const environments = fc.dictionary(fc.constantFrom(...knownVariables()), odd, { maxKeys: 12 })

/** Every number in a tree of settings. */
const numbers = (value: object): number[] =>
  Object.values(value).flatMap((member: unknown) =>
    typeof member === 'number' ? [member] : typeof member === 'object' && member !== null ? numbers(member) : [],
  )

describe('parseDatabaseSettings', () => {
  it(`gives usable values or one ConfigError without a secret, for any of ${runs} environments`, () => {
    fc.assert(
      fc.property(environments, (env) => {
        try {
          const { postgres, dynamo } = parseDatabaseSettings(env)
          expect(numbers({ postgres, dynamo }).every((n) => Number.isFinite(n) && n >= 0)).toBe(true)
          expect(postgres.minConnections).toBeLessThanOrEqual(postgres.maxConnections)
          expect(new URL(postgres.databaseUrl).protocol).toMatch(/^postgres/)
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error
          expect(error.details.faults.length).toBeGreaterThan(0)
          expect(JSON.stringify(error.details) + error.message).not.toContain(PASSWORD)
        }
      }),
      { numRuns: runs },
    )
  })

  it('reports the faults of both stores at once, each variable once', () => {
    const env = { DB_MIN_CONNECTIONS: '30', DB_IDLE_TIMEOUT: '-1', AWS_REGION: 'mars', DYNAMODB_MAX_ATTEMPTS: 'many' }
    const missing = [{ name: 'DATABASE_URL', problem: 'is not set, and nothing is up', expected: 'something' }]
    expect(() => parseDatabaseSettings(env, missing)).toThrow(
      expect.objectContaining({
        code: 'config.invalid',
        details: {
          faults: [
            missing[0],
            expect.objectContaining({ name: 'DB_IDLE_TIMEOUT' }),
            expect.objectContaining({ name: 'DB_MIN_CONNECTIONS' }),
            expect.objectContaining({ name: 'DYNAMODB_MAX_ATTEMPTS' }),
            expect.objectContaining({ name: 'AWS_REGION' }),
          ],
        },
      }),
    )
  })

  it('needs a DATABASE_URL and nothing else', () => {
    expect(() => parseDatabaseSettings({})).toThrow(/DATABASE_URL/)
    const { postgres, dynamo } = parseDatabaseSettings({ DATABASE_URL: 'postgresql://app@localhost/miyabi' })
    expect(postgres).toMatchObject({ maxConnections: 20, minConnections: 5, acquireTimeoutMs: 5000 })
    expect(dynamo).toMatchObject({ region: 'ap-northeast-1', timeoutMs: 5000, maxAttempts: 3 })
  })
})

describe('settingsGroups', () => {
  it('names no variable twice', () => {
    const names = settingsGroups.flatMap((group) => Object.keys(group.fields))
    expect(names).toEqual([...new Set(names)])
  })
})
