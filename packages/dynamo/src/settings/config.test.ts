import { ConfigError } from '@miyabi/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deriveAttemptTimeoutMs, dynamoSettings, parseDynamoSettings } from './config.js'

const faults = (env: Record<string, string>): string[] => dynamoSettings.check(env).faults.map(({ name }) => name)

describe('parseDynamoSettings', () => {
  it('gives the documented defaults for an empty environment', () => {
    expect(parseDynamoSettings({})).toEqual({
      region: 'ap-northeast-1',
      credentials: 'chain',
      tablePrefix: '',
      timeoutMs: 5000,
      attemptTimeoutMs: 1566,
      maxAttempts: 3,
      initialBackoffMs: 100,
      maxBackoffMs: 20_000,
      maxSockets: 128,
      transactions: true,
    })
  })

  it('names every fault at once', () => {
    expect(
      faults({
        AWS_REGION: 'to kyo',
        DYNAMODB_ENDPOINT: 'localhost:8000',
        DYNAMODB_TABLE_PREFIX: 'a b',
        DYNAMODB_TIMEOUT: '-1',
        DYNAMODB_MAX_ATTEMPTS: '0',
        DYNAMODB_INITIAL_BACKOFF_MS: 'many',
        DYNAMODB_MAX_BACKOFF_SEC: '1e9',
      }).sort(),
    ).toEqual([
      'AWS_REGION',
      'DYNAMODB_ENDPOINT',
      'DYNAMODB_INITIAL_BACKOFF_MS',
      'DYNAMODB_MAX_ATTEMPTS',
      'DYNAMODB_MAX_BACKOFF_SEC',
      'DYNAMODB_TABLE_PREFIX',
      'DYNAMODB_TIMEOUT',
    ])
    expect(() => parseDynamoSettings({ AWS_REGION: 'x' })).toThrow(ConfigError)
  })

  it.each([
    'us-east-1',
    'ap-northeast-1',
    'us-gov-west-1',
    'cn-north-1',
    'eusc-de-east-1',
    'us-isob-east-1',
    'mx-central-1',
    'ap-southeast-5',
  ])('takes %s for a region', (AWS_REGION) => {
    expect(parseDynamoSettings({ AWS_REGION }).region).toBe(AWS_REGION)
  })

  it.each(['ap-northeast', 'ap-northeast-0', 'us-east-1a', 'US-EAST-1', 'ap-tokyo-1', 'local'])(
    'does not take %s for a region',
    (AWS_REGION) => {
      expect(faults({ AWS_REGION })).toEqual(['AWS_REGION'])
    },
  )

  it('takes any word for a region that only a server other than AWS sees', () => {
    for (const DYNAMODB_ENDPOINT of ['http://localhost:8000', 'http://10.0.0.1:8000', 'https://scylla.example.com']) {
      for (const AWS_REGION of ['local', 'localhost', 'eu_west', 'ap-tokyo-1']) {
        expect(parseDynamoSettings({ AWS_REGION, DYNAMODB_ENDPOINT }).region).toBe(AWS_REGION)
        expect(parseDynamoSettings({ AWS_REGION, AWS_ENDPOINT_URL: DYNAMODB_ENDPOINT }).region).toBe(AWS_REGION)
      }
      expect(faults({ AWS_REGION: 'two words', DYNAMODB_ENDPOINT })).toEqual(['AWS_REGION'])
    }
    const DYNAMODB_ENDPOINT = 'https://dynamodb.ap-northeast-1.amazonaws.com'
    expect(faults({ AWS_REGION: 'local', DYNAMODB_ENDPOINT })).toEqual(['AWS_REGION'])
  })

  it("reads AWS's own endpoint variables where ours is unset", () => {
    const aws = { AWS_ENDPOINT_URL: 'http://a:1', AWS_ENDPOINT_URL_DYNAMODB: 'http://b:2' }
    expect(parseDynamoSettings({ AWS_ENDPOINT_URL: 'http://a:1' }).endpoint).toBe('http://a:1')
    expect(parseDynamoSettings(aws).endpoint).toBe('http://b:2')
    expect(parseDynamoSettings({ ...aws, DYNAMODB_ENDPOINT: 'http://c:3' }).endpoint).toBe('http://c:3')
    expect(parseDynamoSettings({ ...aws, DYNAMODB_ENDPOINT: ' ' }).endpoint).toBe('http://b:2')
  })

  it('makes up credentials only for a local server, and only when the environment names none', () => {
    const credentials = (endpoint: string, env = {}) =>
      parseDynamoSettings({ DYNAMODB_ENDPOINT: endpoint, ...env }).credentials
    for (const local of [
      'http://127.0.0.1:8000',
      'http://localhost:8000',
      'http://[::1]:8000',
      'http://dynamodb:8000',
    ]) {
      expect(credentials(local)).toBe('dummy')
      expect(credentials(local, { AWS_ACCESS_KEY_ID: 'A' })).toBe('chain')
      expect(credentials(local, { AWS_PROFILE: 'dev' })).toEqual({ profile: 'dev' })
    }
    for (const remote of [
      'https://dynamodb.ap-northeast-1.amazonaws.com',
      'https://vpce-1-2.dynamodb.us-east-1.vpce.amazonaws.com',
      'http://10.0.0.1:8000',
      'http://127.0.0.1.example.com',
      'http://[2001:db8::1]',
    ]) {
      expect(credentials(remote)).toBe('chain')
    }
  })

  it('refuses an attempt longer than the call, and a backoff that begins above its end', () => {
    expect(faults({ DYNAMODB_TIMEOUT: '1', DYNAMODB_ATTEMPT_TIMEOUT_MS: '1001' })).toEqual([
      'DYNAMODB_ATTEMPT_TIMEOUT_MS',
    ])
    expect(faults({ DYNAMODB_INITIAL_BACKOFF_MS: '2000', DYNAMODB_MAX_BACKOFF_SEC: '1' })).toEqual([
      'DYNAMODB_INITIAL_BACKOFF_MS',
    ])
  })

  it('takes any environment: usable settings, or named faults', () => {
    const names = Object.keys(dynamoSettings.fields)
    const text = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.double().map(String),
      fc.constantFrom('', ' ', 'http://x', '5'),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), text), (env) => {
        try {
          const settings = parseDynamoSettings(env)
          expect(settings.attemptTimeoutMs).toBeGreaterThan(0)
          expect(settings.attemptTimeoutMs).toBeLessThanOrEqual(settings.timeoutMs)
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError)
          expect((error as ConfigError).details.faults.length).toBeGreaterThan(0)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('deriveAttemptTimeoutMs', () => {
  it('lets every attempt run to its limit, with the longest backoffs, within the call', () => {
    expect(
      3 * deriveAttemptTimeoutMs(5000, { maxAttempts: 3, initialBackoffMs: 100, maxBackoffMs: 20_000 }) + 300,
    ).toBeLessThanOrEqual(5000)
  })

  it('leaves half the call to the attempts where the backoffs would eat it', () => {
    expect(deriveAttemptTimeoutMs(1000, { maxAttempts: 5, initialBackoffMs: 500, maxBackoffMs: 20_000 })).toBe(100)
  })
})
