import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Budget,
  createTestDatabase,
  dynamodbEndpoint,
  patience,
  sql,
  type TestDatabase,
  tablePrefix,
  until,
} from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { miyabi, type Result, stackFolder, start } from './miyabi.js'

const { folder, remove } = stackFolder()
const own = mkdtempSync(path.join(tmpdir(), 'miyabi-cli-backup-'))
const keyFile = path.join(own, 'key')
let database: TestDatabase
let env: Record<string, string>
beforeAll(async () => {
  writeFileSync(keyFile, randomBytes(32), { mode: 0o600 })
  database = await createTestDatabase()
  env = {
    DATABASE_URL: database.databaseUrl,
    DIRECT_DATABASE_URL: database.directDatabaseUrl,
    DYNAMODB_ENDPOINT: dynamodbEndpoint(),
    DYNAMODB_TABLE_PREFIX: tablePrefix(),
    ...patience,
    BACKUP_TARGET: path.join(own, 'backups'),
    BACKUP_KEY_FILE: keyFile,
  }
  expect((await miyabi(folder, ['tables', 'apply'], env)).code).toBe(0)
  await sql(
    database.directDatabaseUrl,
    "INSERT INTO logs (level, message) SELECT 'info', repeat(md5(n::text), 20) FROM generate_series(1, 20000) n",
  )
})
afterAll(async () => {
  await database.drop()
  await remove()
  rmSync(own, { recursive: true })
})

const run = (line: string): Promise<Result> => miyabi(folder, ['backup', ...line.split(' ')], env)
const quick = ['--clock-skew', '0s', '--write-timeout', '0s']
const listed = async (): Promise<{ readonly id: string; readonly state: string }[]> =>
  JSON.parse((await run('list --json')).stdout)

describe('miyabi backup', () => {
  it('lists that there is none, and verifies none', async () => {
    expect(await run('list')).toMatchObject({ code: 2, stdout: 'There are no backups.\n' })
    expect(await run('verify')).toMatchObject({ code: 1, stderr: expect.stringContaining('backup.unknown') })
  })

  it('creates one, lists it, verifies it, and prunes what is older', async () => {
    const first = await run(`create ${quick.join(' ')} --rate 500MB/s`)
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('aes-256-gcm') })
    const second = await run(`create ${quick.join(' ')} --json`)
    const { id } = JSON.parse(second.stdout) as { readonly id: string }
    expect((await run('list')).stdout).toMatch(/BACKUP +CUT +STATE +SIZE +ROWS +ITEMS +ENCRYPTED\n.* whole .* yes\n/)
    expect(await run('verify --id all --json')).toMatchObject({ code: 0 })
    expect(await run('prune --last 1 --dry-run')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^would remove/),
    })
    expect(await run('prune --last 1')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^removed/) })
    expect(await listed()).toMatchObject([{ id, state: 'whole' }])
    writeFileSync(path.join(own, 'backups', id, 'stray'), '')
    expect(await run('verify')).toMatchObject({ code: 2, stdout: expect.stringContaining('stray is not a file') })
    rmSync(path.join(own, 'backups', id, 'stray'))
  })

  it('refuses what it cannot read', async () => {
    expect(await run('prune --keep week')).toMatchObject({ code: 1, stderr: expect.stringContaining('cli.usage') })
    expect(await run('verify --id 20260101T000000000Z-00000000')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('backup.unknown'),
    })
    const other = path.join(own, 'other')
    writeFileSync(other, randomBytes(32), { mode: 0o600 })
    const wrong = await miyabi(folder, ['backup', 'verify'], { ...env, BACKUP_KEY_FILE: other })
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('backup.key_wrong') })
    const without = await miyabi(folder, ['backup', 'verify'], { ...env, BACKUP_KEY_FILE: '' })
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('backup.key_missing') })
  })
})

describe('miyabi backup create that is ended', () => {
  const budget = new Budget({ name: 'kills of backups', short: 2, longSeconds: 60 })

  it(
    'by kill -9 at any moment leaves none that claims to be one, and prune removes the rest',
    async () => {
      using rounds = budget
      const whole = (await listed()).filter(({ state }) => state === 'whole').map(({ id }) => id)
      while (rounds.next()) {
        const { child, result } = start(folder, ['backup', 'create', ...quick, '--rate', '3MB/s'], env)
        child.stdin?.end()
        await until(async () => child.exitCode !== null || (await listed()).length > whole.length)
        await sleep(rounds.random() * 1000)
        child.kill('SIGKILL')
        const { code } = await result
        const now = await listed()
        const added = now.filter(({ state, id }) => state === 'whole' && !whole.includes(id)).map(({ id }) => id)
        // It may have come to its end before.
        expect(added.length).toBe(code === 0 ? 1 : 0)
        whole.push(...added)
      }
      expect(await run('prune --leftovers 0s')).toMatchObject({ code: 0 })
      expect((await listed()).map(({ id }) => id)).toEqual(whole)
      expect(await run('verify --id all')).toMatchObject({ code: 0 })
    },
    budget.timeoutMs,
  )

  it('by SIGTERM says so, and leaves nothing', async () => {
    const before = await listed()
    const { child, result } = start(folder, ['backup', 'create', ...quick, '--rate', '1MB/s'], env)
    child.stdin?.end()
    await until(async () => (await listed()).length > before.length)
    child.kill('SIGTERM')
    if (child.exitCode === null) await once(child, 'exit')
    expect(await result).toMatchObject({ code: 1, stderr: expect.stringContaining('cli.interrupted') })
    expect(await listed()).toEqual(before)
  })
})
