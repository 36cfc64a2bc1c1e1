import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createTestDatabase, sql, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { inProcess } from './miyabi.js'

let database: TestDatabase
const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-topics-'))
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await database?.drop()
})

let files = 0
/** A module of an application, with its effects. */
function moduleOf(text: string): string {
  const file = path.join(folder, `effects-${++files}.mjs`)
  writeFileSync(file, `export const effects = ${text}`)
  return file
}

const topics = async (): Promise<unknown> =>
  sql(database.directDatabaseUrl, 'SELECT topic, opened_to FROM outbox_topics ORDER BY topic')
const run = async (...args: readonly string[]): ReturnType<typeof inProcess> => {
  vi.stubEnv('DIRECT_DATABASE_URL', database.directDatabaseUrl)
  return inProcess(['outbox', 'topics', ...args])
}
const BUILT_IN = ['events.append', 'tags'].map((topic) => ({ topic, opened_to: ['user', 'web_user'] }))

describe('miyabi outbox topics', () => {
  it('has nothing to do for an application without effects, after the migrations', async () => {
    expect(await run('plan')).toMatchObject({ code: 0, stdout: 'nothing to do\n' })
  })

  it('opens what effects open, and closes what they no longer do', async () => {
    const file = moduleOf(`{
      'plugin.indexed': { from: ['webUser', 'user'], allow: () => true },
      'messages.enqueue': { from: ['user'], allow: () => true },
      'webhook.deliver': {},
    }`)
    const planned = await run('plan', '--effects', file)
    expect(planned.code).toBe(2)
    expect(planned.stdout).toMatch(
      /messages\.enqueue +the service only -> user\n.*plugin\.indexed +the service only -> user, web_user/,
    )
    expect(await topics()).toEqual(BUILT_IN)
    expect(await run('apply', '--effects', file)).toMatchObject({ code: 0, stdout: planned.stdout })
    expect(await topics()).toEqual([
      BUILT_IN[0],
      { topic: 'messages.enqueue', opened_to: ['user'] },
      { topic: 'plugin.indexed', opened_to: ['user', 'web_user'] },
      BUILT_IN[1],
    ])
    expect(await run('plan', '--effects', file)).toMatchObject({ code: 0 })
    const closing = await run('apply', '--json')
    expect(JSON.parse(closing.stdout)).toEqual({
      changes: [
        { topic: 'messages.enqueue', from: ['user'], to: [] },
        { topic: 'plugin.indexed', from: ['user', 'web_user'], to: [] },
      ],
    })
    expect(await topics()).toEqual(BUILT_IN)
  })

  it('takes no handlers of a relay for effects that are open to nobody', async () => {
    const file = moduleOf(`{ 'webhook.deliver': { handle: async () => {} } }`)
    expect(await run('apply', '--effects', file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('defineEffects'),
    })
  })
})
