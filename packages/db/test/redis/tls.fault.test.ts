import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createTestDatabase, RedisServer, type TestDatabase, until } from '@miyabi/testing'
import { type Certificate, certificate, certificateAuthority } from '@miyabi/testing/certificates'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { DatabaseContext } from '../../src/index.js'
import { TestProcess } from '../process.js'
import { RecordingLogger } from '../recording-logger.js'
import { variables as redisVariables } from './variables.js'

const DAY = { ttlMs: 86_400_000 }

let database: TestDatabase
let authority: Certificate
const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-redis-tls-'))
const authorityFile = path.join(folder, 'authority.pem')
beforeAll(async () => {
  database = await createTestDatabase()
  authority = await certificateAuthority('Authority of the test')
  writeFileSync(authorityFile, authority.cert)
})
afterAll(async () => {
  await database?.drop()
  rmSync(folder, { recursive: true })
})

async function started(options: Parameters<typeof RedisServer.start>[0]): Promise<RedisServer> {
  const redis = await RedisServer.start(options)
  onTestFinished(() => redis[Symbol.asyncDispose]())
  return redis
}

const variables = (url: string) => redisVariables(database, url)

/** What the log reports when a process cannot use Redis, and that its calls succeed without it. */
async function refusal(REDIS_URL: string): Promise<string> {
  const logger = new RecordingLogger()
  const db = await DatabaseContext.fromEnv({ env: variables(REDIS_URL), logger })
  onTestFinished(async () => void (await db.close()))
  expect(await db.asService().cache.getOrSet(['key'], DAY, async () => 'loaded')).toBe('loaded')
  await until(async () => logger.of('db.cache.redis_lost').length > 0)
  expect(logger.text).not.toContain('hidden-word')
  expect(db.stats().cache?.isHearing).toBe(false)
  return String(logger.of('db.cache.redis_lost')[0]?.message)
}

describe('rediss://', () => {
  it('shares entries between processes that trust the authority by NODE_EXTRA_CA_CERTS', async () => {
    const redis = await started({ certificate: await certificate(authority, 'redis', { names: ['localhost'] }) })
    const program = `
      const db = await miyabi.DatabaseContext.fromEnv()
      const value = await db.asService().cache.getOrSet(['shared'], { ttlMs: 86400000 }, async () => process.pid)
      await new Promise((resolve) => setTimeout(resolve, 200))
      console.log(value + ' ' + db.stats().cache.secondHits + ' ' + db.stats().cache.errors)
      await db.close()`
    const env = { ...variables(redis.url), NODE_EXTRA_CA_CERTS: authorityFile }
    const first = new TestProcess(program, env)
    expect(await first.exit()).toBe(0)
    const second = new TestProcess(program, env)
    expect(await second.exit()).toBe(0)
    expect([first.lines, second.lines]).toEqual([[`${first.child.pid} 0 0`], [`${first.child.pid} 1 0`]])
  })

  it('names an authority that is not trusted', async () => {
    const strange = await started({ certificate: await certificate(authority, 'redis', { names: ['localhost'] }) })
    expect(await refusal(strange.url)).toMatch(/certificate.*not trusted.*NODE_EXTRA_CA_CERTS/)
  })

  it.each([
    ['of another host', { names: ['redis.example.com'] }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['that has expired', { names: ['localhost'], expired: true }, 'CERT_HAS_EXPIRED'],
  ] as const)('names a certificate %s', async (_, options, code) => {
    const redis = await started({ certificate: await certificate(authority, 'redis', options) })
    const program = `
      const logger = { debug() {}, info() {}, error() {}, warn: (_, message) => console.log(message) }
      const db = await miyabi.DatabaseContext.fromEnv({ logger })
      await db.asService().cache.getOrSet(['key'], { ttlMs: 1000 }, async () => 1)
      await new Promise((resolve) => setTimeout(resolve, 1000))
      await db.close()`
    const process = new TestProcess(program, { ...variables(redis.url), NODE_EXTRA_CA_CERTS: authorityFile })
    expect(await process.exit()).toBe(0)
    expect(process.lines.join()).toContain(code)
  })

  it('names a server that does not use TLS', async () => {
    const plain = await started({})
    expect(await refusal(plain.url.replace('redis:', 'rediss:'))).toMatch(/does not use TLS|redis:\/\//)
  })
})

describe('the login of Redis', () => {
  it('is refused by name, without the password', async () => {
    const redis = await started({ args: ['--requirepass', 'another-word'] })
    expect(await refusal(redis.url.replace('//', '//default:hidden-word@'))).toMatch(/login in REDIS_URL/)
    expect(await refusal(redis.url)).toMatch(/login in REDIS_URL/)
  })

  it('needs no command but those of the cache', async () => {
    const commands = ['set', 'get', 'del', 'eval', 'publish', 'subscribe', 'hello', 'info'].map((name) => `+${name}`)
    const rights = ['on', '>hidden-word', '~miyabi:*', '&miyabi:*', '-@all', ...commands]
    const redis = await started({ args: ['--user', 'app', ...rights] })
    const db = await DatabaseContext.fromEnv({ env: variables(redis.url.replace('//', '//app:hidden-word@')) })
    onTestFinished(async () => void (await db.close()))
    await until(async () => {
      await db.asService().cache.getOrSet(['key'], DAY, async () => 1)
      return db.stats().cache?.isHearing === true
    })
    expect(db.stats().cache).toMatchObject({ errors: 0 })
  })
})
