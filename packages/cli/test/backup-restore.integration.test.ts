import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createTestDatabase, dynamodbEndpoint, sql, type TestDatabase, tablePrefix } from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { miyabi, type Result, stackFolder } from './miyabi.js'

const { folder, remove } = stackFolder()
const own = mkdtempSync(path.join(tmpdir(), 'miyabi-cli-restore-'))
let database: TestDatabase
let env: Record<string, string>
const environmentOf = ({ databaseUrl, directDatabaseUrl, serviceDatabaseUrl }: TestDatabase, prefix: string) => ({
  DATABASE_URL: databaseUrl,
  DIRECT_DATABASE_URL: directDatabaseUrl,
  SERVICE_DATABASE_URL: serviceDatabaseUrl,
  DYNAMODB_ENDPOINT: dynamodbEndpoint(),
  DYNAMODB_TABLE_PREFIX: prefix,
  BACKUP_TARGET: path.join(own, 'backups'),
})
beforeAll(async () => {
  database = await createTestDatabase()
  env = environmentOf(database, tablePrefix())
  expect((await miyabi(folder, ['tables', 'apply'], env)).code).toBe(0)
  await sql(
    database.directDatabaseUrl,
    `INSERT INTO users (email) VALUES ('a@example.com');
     INSERT INTO outbox (id, topic, payload) VALUES (gen_random_uuid(), 'events.append', '{}')`,
  )
})
afterAll(async () => {
  await database.drop()
  await remove()
  rmSync(own, { recursive: true })
})

const run = (line: string, of = env): Promise<Result> => miyabi(folder, line.split(' '), of)

it('tries a backup, restores it, and resumes the store, each step saying what the next needs', async () => {
  expect(await run('backup drill')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/backup\.none_to_try[\s\S]*miyabi backup create/),
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
    stderr: expect.stringMatching(/backup\.not_empty[\s\S]*public\.users \(1 row\)/),
  })

  await using other = await createTestDatabase()
  const into = environmentOf(other, `${tablePrefix()}other-`)
  const restored = await run('backup restore latest --json', into)
  expect(restored.code).toBe(2)
  expect(JSON.parse(restored.stdout)).toMatchObject({ backup: id, erasures: 'applied', outbox: [{ rows: 1 }] })
  expect(await run('relay --once', into)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/db\.not_resumed[\s\S]*miyabi backup resume/),
  })
  expect(await run('backup resume', into)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/backup\.outbox_undecided[\s\S]*--outbox deliver/),
  })
  expect(await run('backup resume --outbox discard', into)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`Resumed: ${id}`),
  })
  expect(await sql(other.directDatabaseUrl, 'SELECT FROM outbox')).toEqual([])
})
