import { sql, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DatabaseContext, defineEffects, effect } from '../../src/index.js'
import { testEnvironment } from '../environment.js'

let database: TestDatabase
let env: Record<string, string>
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
})
afterAll(() => database?.drop())

const effects = defineEffects({
  'plugin.indexed': effect<{ readonly id: string }>({ from: ['user', 'webUser'], allow: () => true }),
  'webhook.deliver': effect<{ readonly body: string }>(),
})

it('is not ready while the database refuses people what the effects open to them', async () => {
  await using db = await DatabaseContext.fromEnv({ env, effects })
  await using other = await DatabaseContext.fromEnv({ env })
  const open = (kinds: string): Promise<unknown> =>
    sql(
      database.directDatabaseUrl,
      `INSERT INTO outbox_topics VALUES ('plugin.indexed', '{${kinds}}')
       ON CONFLICT (topic) DO UPDATE SET opened_to = excluded.opened_to`,
    )
  await expect
    .poll(() => db.ready())
    .toMatchObject({
      ready: false,
      reasons: [expect.stringMatching(/plugin\.indexed \(user\), plugin\.indexed \(web_user\).*outbox topics apply/)],
    })
  await expect.poll(() => other.ready()).toMatchObject({ ready: true })
  await open('user')
  await expect.poll(() => db.healthCheck()).toMatchObject({ status: 'degraded', ready: false })
  await open('user,web_user')
  await expect.poll(() => db.ready()).toMatchObject({ ready: true, reasons: [] })
  await expect.poll(() => db.healthCheck()).toMatchObject({ status: 'up' })
})
