import type { TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseContext, type Readiness } from '../src/index.js'
import { testEnvironment } from './environment.js'

let database: TestDatabase
let env: Record<string, string>
let admin: DatabaseContext
let inheriting: string
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
  const { directDatabaseUrl: DATABASE_URL } = database
  admin = await DatabaseContext.fromEnv({ env: { ...env, DATABASE_URL, DB_ALLOW_PRIVILEGED_LOGIN: 'true' } })
  // Named by its database, because roles are the whole server's.
  const name = `${new URL(database.databaseUrl).pathname.slice(1)}_inheriting`
  await admin.pg.$executeRawUnsafe(`CREATE ROLE ${name} LOGIN INHERIT PASSWORD 'inheriting'`)
  await admin.pg.$executeRawUnsafe(`GRANT miyabi_user, miyabi_web_user TO ${name}`)
  const url = new URL(database.databaseUrl)
  url.username = name
  url.password = 'inheriting'
  inheriting = url.toString()
})
afterAll(async () => {
  await admin?.pg.$executeRawUnsafe(`DROP ROLE ${new URL(inheriting).username}`)
  await admin?.close()
  await database?.drop()
})

const userId = '0190c0de-0000-7000-8000-000000000001'

/** What a probe is told, and how a call of each kind ends. */
async function probed(changes: Record<string, string>) {
  await using db = await DatabaseContext.fromEnv({
    env: { ...env, NODE_ENV: 'production', DB_ACQUIRE_TIMEOUT: '2', ...changes },
  })
  const codeOf = (work: () => Promise<unknown>) =>
    Promise.resolve()
      .then(work)
      .then(
        () => 'ok',
        (error) => error.code,
      )
  const before: Readiness = await db.ready()
  const person = await codeOf(() => db.as({ userId }).query('SELECT count(*) FROM plugins'))
  const service = await codeOf(async () => db.asService().query('SELECT count(*) FROM plugins'))
  return { before, person, service, after: await db.ready() }
}

describe('ready()', () => {
  it('is ready when calls of a user and of the service work', async () => {
    const { before, after, person, service } = await probed({})
    expect([before.ready, person, service, after.ready]).toEqual([true, 'ok', 'ok', true])
    expect(after.reasons).toEqual([])
  })

  it.each<[string, () => Record<string, string>, RegExp]>([
    [
      "the migrator's login",
      () => ({ DATABASE_URL: database.directDatabaseUrl }),
      /\(DATABASE_URL\) .*neither a superuser nor the owner/,
    ],
    [
      "the service's login in the wrong variable",
      () => ({ DATABASE_URL: database.serviceDatabaseUrl }),
      /\(DATABASE_URL\) may act as a role that can read all users' rows/,
    ],
    [
      'the same outside production',
      () => ({ DATABASE_URL: database.serviceDatabaseUrl, NODE_ENV: 'development' }),
      /\(DATABASE_URL\) is not allowed to act as miyabi_user or miyabi_web_user, so every call fails/,
    ],
    [
      'a login with inherited rights',
      () => ({ DATABASE_URL: inheriting }),
      /\(DATABASE_URL\) inherits the privileges of miyabi_user.*NOINHERIT/,
    ],
    [
      'a wrong password',
      () => ({ DATABASE_URL: database.databaseUrl.replace(/:[^:@/]+@/, ':wrong@') }),
      /correct user and password in DATABASE_URL/,
    ],
  ])(
    'is not ready with %s, as every call of a user fails, and names the variable at fault',
    async (_what, changes, why) => {
      const { before, person } = await probed(changes())
      expect(person).not.toBe('ok')
      expect(before.ready).toBe(false)
      expect(before.reasons.join()).toMatch(why)
    },
  )

  it.each<[string, () => string, RegExp]>([
    [
      "the application's login",
      () => database.databaseUrl,
      /\(SERVICE_DATABASE_URL\) is not allowed to act as miyabi_service/,
    ],
    [
      'a wrong password',
      () => database.serviceDatabaseUrl.replace(/:[^:@/]+@/, ':wrong@'),
      /correct user and password in SERVICE_DATABASE_URL/,
    ],
    [
      'an unreachable server',
      () => database.serviceDatabaseUrl.replace(/:\d+\//, ':1/'),
      /host and port in SERVICE_DATABASE_URL/,
    ],
  ])('is not ready with %s for the service, used already or not', async (_what, url, why) => {
    const { before, after, person, service } = await probed({ SERVICE_DATABASE_URL: url() })
    expect([person, service === 'ok']).toEqual(['ok', false])
    for (const readiness of [before, after]) {
      expect(readiness.ready).toBe(false)
      expect(readiness.reasons.join()).toMatch(why)
    }
  })

  it('is not ready without a login for the service once it was requested', async () => {
    const { before, after, service } = await probed({ SERVICE_DATABASE_URL: '' })
    expect([before.ready, service, after.ready]).toEqual([true, 'config.invalid', false])
    expect(after.reasons.join()).toMatch(/asService\(\) was called, but SERVICE_DATABASE_URL is not set/)
  })
})
