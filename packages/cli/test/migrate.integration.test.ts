import path from 'node:path'
import { readMigrations } from '@miyabi/migrate'
import {
  createTestDatabase,
  deploy,
  type PrivateServer,
  sql,
  startPrivateServer,
  type TestDatabase,
  until,
} from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { miyabi, type Result, stackFolder, start } from './miyabi.js'

const { folder, remove } = stackFolder()
afterAll(remove)

const NAMES = ['20261122000000_init', '20261122120000_history_grants'] as const
/** The last ones; the first of them creates tables. */
const LAST = ['20261130231000_restores', '20261130233000_erasures', '20261130235000_cache_tags'] as const

interface Verified {
  readonly migrations: readonly { name: string; tables: number; findings: readonly { text: string }[] }[]
  readonly untried: number
}

/** Runs command lines against one database; none given, against the embedded stack. */
function commands(env: () => Readonly<Record<string, string>> = () => ({})) {
  const run = (line: string): Promise<Result> => miyabi(folder, line.split(' '), env())
  return {
    run,
    async json<Answer>(line: string): Promise<{ code: number | null; answer: Answer; stderr: string }> {
      const { code, stdout, stderr } = await run(`${line} --json`)
      expect(stdout, stderr).toMatch(/^\{/)
      return { code, answer: JSON.parse(stdout) as Answer, stderr }
    },
    async clean(line: string): Promise<Result> {
      const result = await run(line)
      expect(result.code, result.stdout + result.stderr).toBe(0)
      return result
    },
  }
}

function expectVerified({ code, answer }: { code: number | null; answer: Verified }): void {
  expect(answer.migrations.flatMap(({ findings }) => findings.map(({ text }) => text))).toEqual([])
  expect(answer.migrations.map(({ name }) => name)).toEqual(expect.arrayContaining([...NAMES]))
  expect(answer.migrations.every(({ tables }) => tables >= 18)).toBe(true)
  expect(answer.untried).toBe(0)
  expect(code).toBe(0)
}

describe('miyabi migrate on the embedded stack', () => {
  beforeAll(async () => {
    expect((await miyabi(folder, ['up'])).code).toBe(0)
  })
  const { run, json } = commands()

  it('verifies every migration in both directions, with the rows of the seed', async () => {
    expectVerified(await json<Verified>('migrate verify'))
  })

  it('tells what is pending, and how it is applied', async () => {
    const { code, stdout } = await run('migrate status')
    expect(code).toBe(2)
    expect(stdout).toMatch(/^pending +20261122000000_init +yes/m)
    expect(stdout).toContain('`pnpm prisma migrate deploy` applies what is pending')
  })

  it.each([
    ['verify', 'stdout', 'ok '],
    ['drift', 'stderr', 'PostgreSQL'],
  ] as const)(
    '%s says in our words that it was interrupted, and nothing that it cannot know',
    async (action, stream, sign) => {
      const { child, result } = start(folder, ['migrate', action])
      child[stream]?.on('data', (chunk: Buffer) => {
        if (chunk.includes(sign)) child.kill('SIGINT')
      })
      const { code, stdout, stderr } = await result
      expect(code).toBe(1)
      expect(stderr).toMatch(/error cli\.interrupted\nInterrupted by SIGINT; [^\n]*\n$/)
      expect(stdout).not.toMatch(/wrong|DynamoDB/)
    },
  )

  it('ends with 1 when it cannot tell', async () => {
    const nowhere = { DIRECT_DATABASE_URL: 'postgresql://nobody:secret-word@127.0.0.1:1/miyabi' }
    for (const action of ['status', 'rollback']) {
      const { code, stdout, stderr } = await miyabi(folder, ['migrate', action], nowhere)
      expect({ action, code }).toEqual({ action, code: 1 })
      expect(stdout + stderr).not.toContain('secret-word')
    }
  })
})

describe('miyabi migrate rollback', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase() // with every migration, as Prisma has deployed them
  })
  afterAll(() => database.drop())
  const { json, clean } = commands(() => ({ DIRECT_DATABASE_URL: database.directDatabaseUrl }))

  it('goes back one by one, but over no row without consent, and Prisma takes it up again', async () => {
    await clean('migrate status')
    const undone = await clean(`migrate rollback --to ${LAST[0]} --accept-data-loss`)
    expect(undone.stdout).toContain(`${LAST[1]} is rolled back`)
    expect(undone.stderr).toContain('testing 2 down files')
    expect(await json('migrate status')).toMatchObject({
      code: 2,
      answer: { migrations: expect.arrayContaining([expect.objectContaining({ name: LAST[1], state: 'pending' })]) },
    })

    await sql(
      database.directDatabaseUrl,
      `INSERT INTO backup_drills (backup_id, cut, equal, differences, loss_ms, duration_ms)
       VALUES ('a', now(), true, '{}', 1, 1), ('b', now(), true, '{}', 1, 1)`,
    )
    expect(await json('migrate rollback')).toMatchObject({
      code: 2,
      answer: { undone: [], error: { code: 'migrate.data_loss', effect: 'none', details: { migration: LAST[0] } } },
      stderr: expect.stringMatching(/error migrate\.data_loss[\s\S]*backup_drills: 2 rows with \d+ values/),
    })
    await clean('migrate rollback --accept-data-loss')
    await clean('prisma migrate deploy')
    await clean('migrate status')
  })
})

describe('miyabi migrate on PostgreSQL 15', () => {
  let server: PrivateServer
  let url: string
  beforeAll(async () => {
    server = await startPrivateServer()
    await server.run('CREATE ROLE migrator LOGIN CREATEDB CREATEROLE')
    await server.run('CREATE DATABASE app OWNER migrator')
    url = server.url('app').replace('//postgres@', '//migrator@')
  })
  afterAll(() => server.close())
  const { run, json } = commands(() => ({ DIRECT_DATABASE_URL: url }))

  // In a short run the rollback proves every down file on this version, and rows are tried on the current one only.
  if (process.env['MIYABI_TEST_LONG'] === '1') {
    it('verifies every migration in both directions, with the rows of the seed', async () => {
      expectVerified(await json<Verified>('migrate verify'))
    })
  }

  it('leaves everything as it was when it is killed before it could note what it did', async () => {
    await deploy(url, readMigrations(path.resolve(import.meta.dirname, '../../../prisma/migrations')))
    const holds = 'BEGIN; LOCK TABLE _prisma_migrations IN SHARE MODE; SELECT pg_sleep(60)'
    const held = server.run(holds, 'app').catch(() => {})
    const { child, result } = start(folder, ['migrate', 'rollback', '--to', NAMES[0], '--accept-data-loss'], {
      DIRECT_DATABASE_URL: url,
    })
    child.stdin?.end()
    const noting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE%\\_prisma\\_migrations%'`
    await until(async () => (await sql(url, noting)).length > 0)
    child.kill('SIGKILL')
    expect((await result).code).not.toBe(0)
    await server.run(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'`)
    await held
    const status = await run('migrate status')
    expect(status.stdout).toMatch(/^applied +20261122120000_history_grants/m)
    expect(status.code).toBe(0)
  })
})
