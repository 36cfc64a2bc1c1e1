import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseContext } from '@miyabi/db'
import { createTestDatabase, dynamodbEndpoint, patience, sql, type TestDatabase, tablePrefix } from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { miyabi, type Result, stackFolder } from './miyabi.js'

const { folder, remove } = stackFolder()
const own = mkdtempSync(path.join(tmpdir(), 'miyabi-cli-restore-'))
let database: TestDatabase
let env: Record<string, string>
/** A person who asks to be erased. */
let goes: string
/** An event that waits in the outbox at the cut. */
let waiting: string
const environmentOf = ({ databaseUrl, directDatabaseUrl, serviceDatabaseUrl }: TestDatabase, prefix: string) => ({
  DATABASE_URL: databaseUrl,
  DIRECT_DATABASE_URL: directDatabaseUrl,
  SERVICE_DATABASE_URL: serviceDatabaseUrl,
  DYNAMODB_ENDPOINT: dynamodbEndpoint(),
  DYNAMODB_TABLE_PREFIX: prefix,
  ...patience,
  BACKUP_TARGET: path.join(own, 'backups'),
  ERASURE_KEY: 'a key of this test, and of no other one',
})
beforeAll(async () => {
  database = await createTestDatabase()
  env = environmentOf(database, tablePrefix())
  expect((await miyabi(folder, ['tables', 'apply'], env)).code).toBe(0)
  const people = await sql<{ id: string }>(
    database.directDatabaseUrl,
    `INSERT INTO users (email) VALUES ('stays@example.com'), ('goes@example.com') RETURNING id`,
  )
  await using db = await DatabaseContext.fromEnv({ env })
  for (const { id: userId } of people) await db.dynamodb.events.append({ eventType: 'seen', userId, data: {} })
  goes = people.at(-1)?.id ?? ''
  waiting = await db.asService().transaction(async (_, { outbox }) => outbox.events.append({ eventType: 'late' }).id)
})
afterAll(async () => {
  await database.drop()
  await remove()
  rmSync(own, { recursive: true })
})

const run = (line: string, of = env): Promise<Result> => miyabi(folder, line.split(' '), of)

it('tries a backup, restores it without who was erased since, and resumes the store, each step saying what the next needs', async () => {
  expect(await run('backup drill')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/backup\.none_to_try[\s\S]*db:backup create/),
  })
  const created = await run('backup create --clock-skew 0s --write-timeout 0s --json')
  const { id } = JSON.parse(created.stdout) as { readonly id: string }

  const drilled = await run('backup drill')
  expect(drilled).toMatchObject({ code: 0, stdout: expect.stringMatching(/RPO[\s\S]*RTO[\s\S]*\nequal\n$/) })
  expect(await sql(database.directDatabaseUrl, 'SELECT backup_id, equal FROM backup_drills')).toEqual([
    { backup_id: id, equal: true },
  ])

  expect(await run('backup restore latest --without-erasures')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/backup\.not_empty[\s\S]*public\.users \(2 rows\)/),
  })

  await using db = await DatabaseContext.fromEnv({ env })
  await db.erase({ userId: goes })
  expect((await run('backup create --clock-skew 0s --write-timeout 0s')).code).toBe(0) // which learns of the erasure

  await using other = await createTestDatabase()
  const into = environmentOf(other, `${tablePrefix()}other-`)
  const list = path.join(own, 'backups', 'erasures.jsonl')
  renameSync(list, `${list}.aside`)
  expect(await run(`backup restore ${id}`, into)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/backup\.erasures_missing[\s\S]*--without-erasures/),
  })
  expect(await sql(other.directDatabaseUrl, 'SELECT FROM users')).toEqual([])
  renameSync(`${list}.aside`, list)
  const restored = await run(`backup restore ${id} --json`, into)
  expect(restored.code).toBe(2)
  expect(JSON.parse(restored.stdout)).toMatchObject({ backup: id, erasures: 'applied', outbox: [{ rows: 1 }] })
  expect(await sql(other.directDatabaseUrl, 'SELECT email FROM users')).toEqual([{ email: 'stays@example.com' }])
  expect(await run('relay --once', into)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/db\.not_resumed[\s\S]*db:backup resume/),
  })
  expect(await run('backup resume', into)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/backup\.outbox_undecided[\s\S]*--outbox deliver/),
  })
  expect(await run('backup resume --outbox deliver', into)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(`delivered now[\\s\\S]*Resumed: ${id}`),
  })
  expect(await run('relay --once', into)).toMatchObject({ code: 0 })
  expect(await sql(other.directDatabaseUrl, 'SELECT FROM outbox')).toEqual([])
  await using restoredDb = await DatabaseContext.fromEnv({ env: into })
  const { events } = restoredDb.dynamodb
  const of = async (eventType: string) =>
    (await events.byType(eventType, { from: new Date(Date.now() - 3_600_000) })).items
  expect((await of('late')).map(({ id: event }) => event)).toEqual([waiting])
  expect((await of('seen')).filter(({ userId }) => userId === goes)).toEqual([])
  expect(await of('seen')).toHaveLength(1)
})
