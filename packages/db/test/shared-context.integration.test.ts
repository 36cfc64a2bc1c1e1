import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testEnvironment } from './environment.js'
import { TestProcess } from './process.js'

let database: TestDatabase
let env: Record<string, string>
let folder: string
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
  folder = await mkdtemp(path.join(tmpdir(), 'miyabi-reload-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
  await database.drop()
})

/** A module as an app writes it, evaluated anew for every query string, as a development server does. */
async function reloaded(program: string, more: Record<string, string> = {}): Promise<unknown> {
  const entry = pathToFileURL(path.resolve(import.meta.dirname, '../dist/index.js')).href
  const module = path.join(folder, 'db.mjs')
  await writeFile(
    module,
    `import { DatabaseContext, sharedContext } from ${JSON.stringify(entry)}
     globalThis.evaluated = (globalThis.evaluated ?? 0) + 1
     let context
     export const database = () => (context ??= sharedContext(() => DatabaseContext.fromEnv()))`,
  )
  const source = `
    const nobody = { userId: '00000000-0000-7000-8000-000000000000' }
    const load = (n) => import(${JSON.stringify(pathToFileURL(module).href)} + '?t=' + n)
    const reload = async (n) => (await load(n)).database()
    const sessions = async (db) => Number((await db.pg.$queryRaw\`
      SELECT count(*) FROM pg_stat_activity WHERE application_name = 'miyabi' AND datname = current_database()\`)[0].count)
    ${program}`
  await using app = new TestProcess(source, { ...env, ...more })
  expect(await app.exit()).toBe(0)
  return JSON.parse(app.lines.join(''))
}

describe('sharedContext', () => {
  it('is one context and one pool through twenty reloads', async () => {
    const found = await reloaded(`
      const contexts = new Set()
      let most = 0
      for (let n = 0; n < 20; n += 1) {
        const db = await reload(n)
        contexts.add(db)
        await Promise.all(Array.from({ length: 10 }, () => db.as(nobody).pg.user.count()))
        most = Math.max(most, await sessions(db))
      }
      const [db] = contexts
      await db.close()
      console.log(JSON.stringify({ contexts: contexts.size, evaluated, most }))`)
    expect(found).toMatchObject({ contexts: 1, evaluated: 20 })
    // The four of one pool, and for a moment the one that compares pool and server at the start.
    expect((found as { most: number }).most).toBeLessThanOrEqual(5)
  })

  it('is made once where several evaluations run at the same time', async () => {
    const found = await reloaded(`
      const contexts = new Set(await Promise.all([1, 2, 3, 4].map(reload)))
      for (const db of contexts) await db.close()
      console.log(contexts.size)`)
    expect(found).toBe(1)
  })

  it('is a new one after the kept one was closed', async () => {
    const found = await reloaded(`
      const first = await reload(1)
      await first.close()
      const [second, third] = await Promise.all([reload(2), reload(3)])
      const users = await second.as(nobody).pg.user.count()
      await second.close()
      console.log(JSON.stringify({ anew: second !== first, one: second === third, users }))`)
    expect(found).toEqual({ anew: true, one: true, users: 0 })
  })

  it('is made by the first who asks, so that a build can load the module where no database is set', async () => {
    const found = await reloaded(
      `
      const { database } = await load(1)
      const refused = await database().catch((error) => error.code)
      console.log(JSON.stringify(refused))`,
      { NODE_ENV: 'production', DATABASE_URL: '' },
    )
    expect(found).toBe('config.invalid')
  })

  it('keeps nothing in production', async () => {
    const found = await reloaded(
      `
      const [first, second] = [await reload(1), await reload(2)]
      await Promise.all([first.close(), second.close()])
      console.log(first === second)`,
      { NODE_ENV: 'production' },
    )
    expect(found).toBe(false)
  })
})
