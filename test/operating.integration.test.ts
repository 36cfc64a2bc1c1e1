import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseContext } from '@miyabi/db'
import { deploy, type PrivateServer, sql, startPrivateServer, until } from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pageNamed, readPages } from './docs/pages.js'
import { root } from './workspace.js'

const pages = readPages()
const sqlOf = (name: string): string[] =>
  pageNamed(pages, name)
    .blocks.filter(({ language }) => language === 'sql')
    .map(({ text }) => text)
const logins = sqlOf('docs/DATABASE_SETUP_GUIDE.md').find((text) => text.includes('CREATE DATABASE')) ?? ''
const [create = '', look = '', close = '', migrator = ''] = sqlOf('docs/guides/operating.md')

let server: PrivateServer
beforeAll(async () => {
  server = await startPrivateServer()
  await runEach(logins, 'postgres')
  const folder = path.join(root, 'prisma/migrations')
  const names = readdirSync(folder).filter((name) => /^\d/.test(name))
  const up = (name: string): string => readFileSync(path.join(folder, name, 'migration.sql'), 'utf8')
  await deploy(
    as('miyabi_migrator'),
    names.sort().map((name) => ({ name, up: up(name) })),
  )
})
afterAll(() => server.close())

const as = (login: string): string => server.url('miyabi').replace('//postgres@', `//${login}@`)

/** One statement after the other, as the administrator. */
async function runEach(text: string, database: string): Promise<void> {
  for (const statement of text.replace(/--.*$/gm, '').split(';')) {
    if (statement.trim() !== '') await server.run(statement, database)
  }
}

/** A process of the application with these logins. It works until it is stopped, and counts its calls. */
async function start(suffix: '' | '_2') {
  const env = {
    DATABASE_URL: as(`miyabi_app${suffix}`),
    SERVICE_DATABASE_URL: as(`miyabi_backend${suffix}`),
    DYNAMODB_ENDPOINT: 'http://127.0.0.1:1',
    DB_MIN_CONNECTIONS: '1',
    NODE_ENV: 'production',
  }
  const db = await DatabaseContext.fromEnv({ env })
  const state = { isStopped: false, calls: 0, failures: [] as unknown[] }
  const work = async (): Promise<void> => {
    while (!state.isStopped) {
      try {
        await db.as({ userId: '00000000-0000-7000-8000-000000000001' }).pg.user.findMany()
        await db.asService().pg.user.count()
        state.calls += 1
      } catch (error) {
        state.failures.push(error)
      }
      await sleep(5)
    }
  }
  const working = work()
  return {
    /** Waits for some more calls, all of which must succeed. */
    async goesOn() {
      const { calls } = state
      await until(async () => state.calls > calls + 3 || state.failures.length > 0)
      expect(state.failures).toEqual([])
    },
    async stop() {
      state.isStopped = true
      await working
      await db.close()
      expect(state.failures).toEqual([])
    },
  }
}

it('moves the processes to other logins without a call that fails, and the first can no longer log in', async () => {
  const first = await start('')
  await first.goesOn()
  await runEach(create, 'miyabi')
  const second = await start('_2')
  await second.goesOn()
  expect((await sql(as('postgres'), look)).length).toBe(2)
  await first.stop()
  await until(async () => (await sql(as('postgres'), look)).length === 0)
  await runEach(close, 'miyabi')

  await expect(sql(as('miyabi_app'), 'SELECT 1')).rejects.toThrow(/does not exist/)
  await runEach(migrator, 'miyabi')
  await expect(sql(as('miyabi_migrator'), 'SELECT 1')).rejects.toThrow(/does not exist/)
  const migrates = [
    'ALTER TABLE plugins ADD COLUMN tried text',
    'CREATE TABLE tried (id int)',
    'INSERT INTO _prisma_migrations SELECT * FROM _prisma_migrations WHERE false',
  ]
  for (const statement of migrates) await sql(as('miyabi_migrator_2'), statement)

  await second.goesOn()
  await second.stop()
})
