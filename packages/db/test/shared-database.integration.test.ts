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

/** A module as an app writes it, evaluated anew for every query string, as a development server and bundlers do. */
async function reloaded(program: string, more: Record<string, string> = {}): Promise<unknown> {
  const entry = pathToFileURL(path.resolve(import.meta.dirname, '../dist/index.js')).href
  const module = path.join(folder, 'db.mjs')
  await writeFile(
    module,
    `import { sharedDatabase } from ${JSON.stringify(entry)}
     globalThis.evaluated = (globalThis.evaluated ?? 0) + 1
     export const db = sharedDatabase()`,
  )
  const source = `
    const nobody = { userId: '00000000-0000-7000-8000-000000000000' }
    const load = async (n) => (await import(${JSON.stringify(pathToFileURL(module).href)} + '?t=' + n)).db
    const copy = () => import(${JSON.stringify(entry)} + '?copy')
    const codeOf = (work) => { try { work() } catch (error) { return error.code } }
    const users = (db) => db.as(nobody).pg.user.count()
    const sessions = async (db) => Number((await db.pg.$queryRaw\`
      SELECT count(*) FROM pg_stat_activity WHERE application_name = 'miyabi' AND datname = current_database()\`)[0].count)
    ${program}`
  await using app = new TestProcess(source, { ...env, ...more })
  expect(await app.exit()).toBe(0)
  return JSON.parse(app.lines.join(''))
}

/** Without a database to be found. */
const nowhere = { NODE_ENV: 'production', DATABASE_URL: '' }

describe('sharedDatabase', () => {
  it.each(['development', 'production'])('is one pool through twenty evaluations of its module in %s', async (mode) => {
    const found = await reloaded(
      `
      const pools = new Set()
      let most = 0
      for (let n = 0; n < 20; n += 1) {
        const db = await load(n)
        await Promise.all(Array.from({ length: 10 }, () => users(db)))
        pools.add(db.pg)
        most = Math.max(most, await sessions(db))
      }
      await (await load(0)).close()
      console.log(JSON.stringify({ pools: pools.size, evaluated, most }))`,
      { NODE_ENV: mode },
    )
    expect(found).toMatchObject({ pools: 1, evaluated: 20 })
    // The four of one pool, and for a moment the one that compares pool and server at the start.
    expect((found as { most: number }).most).toBeLessThanOrEqual(5)
  })

  it('is found by a second copy of the package', async () => {
    const found = await reloaded(`
      const [first, second] = [await load(1), (await copy()).sharedDatabase()]
      const isOne = first.pg === second.pg
      await second.close()
      console.log(JSON.stringify({ isOne, closed: first.isClosed }))`)
    expect(found).toEqual({ isOne: true, closed: true })
  })

  it('costs nothing until it is used: where no database is set, a build loads the module and ends', async () => {
    const found = await reloaded(
      `
      const db = await load(1)
      console.log(JSON.stringify({ live: db.live(), closed: db.isClosed }))`,
      nowhere,
    )
    expect(found).toEqual({ live: true, closed: false })
  })

  it('tells the first use what is missing, and begins once it is there', async () => {
    const found = await reloaded(
      `
      const db = await load(1)
      const codes = [codeOf(() => db.as(nobody)), codeOf(() => db.pg), await db.ready().catch((error) => error.code)]
      process.env.DATABASE_URL = ${JSON.stringify(env['DATABASE_URL'])}
      const count = await users(db)
      await db.close()
      console.log(JSON.stringify({ codes, count }))`,
      nowhere,
    )
    expect(found).toEqual({ codes: Array(3).fill('config.invalid'), count: 0 })
  })

  it('is another one for other settings, or for another plan of the entities', async () => {
    const found = await reloaded(`
      const { sharedDatabase } = miyabi
      const shards = (count) => ({ dynamodb: { shards: { users: { all: [{ from: '2026-01-01', shards: count }] } } } })
      const all = [
        await load(1),
        sharedDatabase({ env: { ...process.env, DB_APPLICATION_NAME: 'other' } }),
        sharedDatabase({ env: { ...process.env, DB_APPLICATION_NAME: 'other' } }),
        sharedDatabase(shards(2)),
        sharedDatabase(shards(2)),
        sharedDatabase(shards(3)),
      ]
      const pools = all.map((db) => db.pg)
      await Promise.all(all.map((db) => db.close()))
      console.log(JSON.stringify(pools.map((pool) => pools.indexOf(pool))))`)
    expect(found).toEqual([0, 1, 1, 3, 3, 5])
  })

  it('stays closed once it was, while the next that is made begins anew', async () => {
    const found = await reloaded(`
      const first = await load(1)
      await users(first)
      await first.close()
      const refused = await users(first).catch((error) => error.code ?? error.message)
      const [second, third] = [await load(2), await load(3)]
      const isOne = second.pg === third.pg && second.pg !== first.pg
      const count = await users(second)
      await third.close()
      console.log(JSON.stringify({ refused, isOne, count, live: second.live() }))`)
    expect(found).toMatchObject({ refused: expect.stringContaining('closed'), isOne: true, count: 0, live: false })
  })

  it('closes unused without a word to anybody, and refuses whoever comes later', async () => {
    const found = await reloaded(
      `
      const db = await load(1)
      const closed = await db.close()
      const refused = [codeOf(() => db.as(nobody)), await db.read(async () => 1).catch((error) => error.code)]
      const { ready } = await db.ready()
      console.log(JSON.stringify({ ...closed, refused, ready, live: db.live(), closed: db.isClosed }))`,
      nowhere,
    )
    expect(found).toEqual({
      drained: true,
      refused: ['postgres.pool.closed', 'postgres.pool.closed'],
      ready: false,
      live: false,
      closed: true,
    })
  })
})
