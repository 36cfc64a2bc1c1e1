import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { withConnection } from '../src/admin.js'
import { fromRun, testVariables } from '../src/environment.js'
import { createTestDatabase, sql } from '../src/index.js'
import { RUN_LOCK, runOf } from '../src/names.js'
import { removeDeadRuns } from '../src/run-folder.js'
import { dropDeadRuns } from '../src/sweep.js'

const admin = fromRun('directDatabaseUrl')

async function exists(name: string): Promise<boolean> {
  const result = await withConnection(admin, (client) =>
    client.query('SELECT FROM pg_database WHERE datname = $1', [name]),
  )
  return result.rowCount === 1
}

describe('createTestDatabase', () => {
  it('gives every caller a separate database, even many concurrent ones', async () => {
    const databases = await Promise.all(Array.from({ length: 8 }, () => createTestDatabase({ empty: true })))
    expect(new Set(databases.map((database) => database.name)).size).toBe(8)
    for (const database of databases) {
      await withConnection(database.directDatabaseUrl, (client) => client.query('CREATE TABLE only_here ()'))
    }
    await Promise.all(databases.map((database) => database.drop()))
  })

  it('gives one that was created in advance, as new as any other', async () => {
    const ofRun = `SELECT datname FROM pg_database WHERE datname LIKE '${fromRun('prefix').replaceAll('_', String.raw`\_`)}%'`
    const names = async (): Promise<string[]> => (await sql(admin, ofRun)).map(({ datname }) => String(datname))
    for (const empty of [true, false]) {
      await using first = await createTestDatabase({ empty })
      await sql(first.directDatabaseUrl, 'CREATE TABLE left_over ()')
      await using second = await createTestDatabase({ empty })
      const before = await names()
      await using third = await createTestDatabase({ empty })
      await expect.poll(async () => (await names()).filter((name) => !before.includes(name)).length).toBeGreaterThan(0)
      for (const { directDatabaseUrl } of [second, third]) {
        const found = await sql(
          directDatabaseUrl,
          `SELECT to_regclass('left_over') AS own, to_regclass('users') AS users`,
        )
        expect(found).toEqual([{ own: null, users: empty ? null : 'users' }])
      }
      expect(new Set([first, second, third].map(({ name }) => name)).size).toBe(3)
    }
  })

  it('grants the application and the service only their roles, and nothing that the migrator creates', async () => {
    await using database = await createTestDatabase({ empty: true })
    await withConnection(database.directDatabaseUrl, (client) =>
      client.query('CREATE TABLE note (id serial, body text); GRANT SELECT ON note TO miyabi_user, miyabi_service'),
    )
    for (const [url, role, other] of [
      [database.databaseUrl, 'miyabi_user', 'miyabi_service'],
      [database.serviceDatabaseUrl, 'miyabi_service', 'miyabi_user'],
    ] as const) {
      await withConnection(url, async (client) => {
        await expect(client.query('SELECT FROM note')).rejects.toMatchObject({ code: '42501' })
        await expect(client.query(`SET ROLE ${other}`)).rejects.toMatchObject({ code: '42501' })
        await client.query(`SET ROLE ${role}`)
        expect((await client.query('SELECT FROM note')).rowCount).toBe(0)
      })
    }
  })

  it('is removed by `await using`, even with an open connection', async () => {
    let name: string
    let end: Promise<unknown>
    {
      await using database = await createTestDatabase({ empty: true })
      name = database.name
      const forgotten = new pg.Client({ connectionString: database.directDatabaseUrl })
      forgotten.on('error', () => {})
      await forgotten.connect()
      end = new Promise<void>((resolve) => forgotten.once('end', resolve))
    }
    await end
    expect(await exists(name)).toBe(false)
  })
})

describe('dropDeadRuns', () => {
  it('drops the leftovers of a killed run, and nothing of a live run', async () => {
    const living = await createTestDatabase({ empty: true })
    const names = ['miyabi_test_00000001_left', 'miyabi_test_00000002_kept']
    await withConnection(admin, async (client) => {
      for (const name of names) {
        await client.query(`DROP DATABASE IF EXISTS ${name}`)
        await client.query(`CREATE DATABASE ${name}`)
      }
    })
    await withConnection(admin, async (holder) => {
      await holder.query('SELECT pg_advisory_lock($1, $2)', [RUN_LOCK, runOf('miyabi_test_00000002_')?.lockKey])
      await withConnection(admin, (client) => dropDeadRuns(client, undefined))
      expect(await Promise.all(names.map(exists))).toEqual([false, true])
    })
    expect(await exists(living.name)).toBe(true)
    await withConnection(admin, (client) => dropDeadRuns(client, undefined))
    expect(await exists('miyabi_test_00000002_kept')).toBe(false)
    await living.drop()
  })
})

/** A run in a separate process, once it is ready: its prefix, its migrator's URL and the folder of its files. */
async function startRun(
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; prefix: string; url: string; folder: string }> {
  const script = new URL('./fixtures/run.mjs', import.meta.url).pathname
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const [prefix = '', url = '', temporary = ''] = line.toString().trim().split(' ')
  return { child, prefix, url, folder: path.dirname(temporary) }
}

describe('startTestRun', () => {
  it.each(['SIGINT', 'SIGKILL'] as const)(
    'leaves nothing on a server after %s, at the latest when the next run starts',
    async (signal) => {
      const { child, prefix } = await startRun(process.env)
      expect(await exists(`${prefix}_migrated`)).toBe(true)
      child.kill(signal)
      await once(child, 'exit')
      if (signal === 'SIGKILL') await withConnection(admin, (client) => dropDeadRuns(client, undefined))
      expect(await exists(`${prefix}_migrated`)).toBe(false)
    },
  )

  it('requires all three logins of an external server', async () => {
    const env = { ...process.env, [testVariables.serviceDatabaseUrl]: '' }
    const script = new URL('./fixtures/run.mjs', import.meta.url).pathname
    const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    await once(child, 'close')
    expect(said).toContain('TEST_SERVICE_DATABASE_URL is not set; your own server requires all of')
  })

  it.each(['SIGINT', 'SIGKILL'] as const)('leaves no server or file behind after %s', async (signal) => {
    const own = Object.fromEntries(Object.values(testVariables).map((name) => [name, '']))
    const { child, url, folder } = await startRun({ ...process.env, ...own, MIYABI_CACHE_DIR: undefined })
    const connect = (): Promise<string> => withConnection(url, async () => 'connected').catch((error) => error.code)
    expect(await connect()).toBe('connected')
    child.kill(signal)
    await expect.poll(connect).toBe('ECONNREFUSED')
    // The next run removes what could not be removed.
    const look = (): boolean => {
      if (signal === 'SIGKILL') removeDeadRuns(path.dirname(folder))
      return existsSync(folder)
    }
    await expect.poll(look).toBe(false)
  })
})
