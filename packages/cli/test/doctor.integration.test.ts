import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readMigrations } from '@miyabi/migrate'
import {
  createTestDatabase,
  databasesRunning,
  deploy,
  shadowDatabases,
  sql,
  type TestDatabase,
  until,
} from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migratorUrl, miyabi, stackFolder, start } from './miyabi.js'

const { folder, remove } = stackFolder()
let url: string

/** An embedded stack with everything that a new installation gets. */
beforeAll(async () => {
  for (const line of ['up', 'tables apply']) {
    const { code, stderr } = await miyabi(folder, line.split(' '))
    expect(code, stderr).toBe(0)
  }
  url = await migratorUrl(folder)
  await deploy(url, readMigrations(path.resolve(import.meta.dirname, '../../../prisma/migrations')))
})
afterAll(remove)

/** Changes the database by hand, as the migrator. */
const byHand = (text: string): Promise<unknown> => sql(url, text)

interface Group {
  readonly name: string
  readonly state: string
  readonly findings: readonly { readonly check: string; readonly object?: string; readonly remedy: string }[]
  readonly reason?: string
}

async function examine(
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; groups: Map<string, Group> }> {
  const { code, stdout, stderr } = await miyabi(folder, ['doctor', '--json'], env)
  expect(stdout, stderr).toMatch(/^\{/)
  const { groups } = JSON.parse(stdout) as { readonly groups: readonly Group[] }
  return { code, groups: new Map(groups.map((group) => [group.name, group])) }
}

const NOWHERE = 'postgresql://nobody:secret-word@127.0.0.1:1/miyabi'

describe('miyabi doctor', () => {
  it('finds nothing in a new installation', async () => {
    const { code, groups } = await examine()
    const states = [...groups.values()].map(({ name, state, reason }) => [name, reason ?? state])
    expect(states).toEqual([
      ['settings', 'clean'],
      ['servers', 'clean'],
      ['migrations', 'clean'],
      ['drift', 'clean'],
      ['rls', 'clean'],
      ['indexes', 'clean'],
      ['usage', 'clean'],
      ['restores', 'clean'],
      ['partitions', 'clean'],
      ['tables', 'clean'],
      ['pool', 'clean'],
      ['cache', 'clean'],
    ])
    expect(code).toBe(0)
  })

  it('names a login with which no application could start, with the SQL that mends it', async () => {
    await byHand('GRANT SELECT ON logs TO miyabi_app')
    const { code, groups } = await examine()
    expect(code).toBe(2)
    expect(groups.get('servers')?.findings).toEqual([
      expect.objectContaining({
        check: 'servers.postgres.login',
        object: 'DATABASE_URL',
        problem: expect.stringMatching(/miyabi_app.* logs \(postgres\.login\.has_rights\)$/),
        remedy: expect.stringContaining('REVOKE ALL ON logs FROM miyabi_app'),
      }),
    ])
    await byHand('REVOKE ALL ON logs FROM miyabi_app')
  })

  it('names what is wrong, each with what mends it, and ends with 2', async () => {
    await byHand('DROP INDEX plugin_submissions_user_id_idx; CREATE INDEX twice ON logs (level);')
    const { code, groups } = await examine({
      DYNAMODB_TABLE_PREFIX: 'elsewhere_',
      DB_INSTANCES: '20',
      MIYABI_PRISMA_ENGINE: 'rust',
      DB_OUTBOX_MAX_DEPTH: 'deep',
      BACKUP_S3_ENDPOINT: 'nowhere',
    })
    expect(code).toBe(2)
    const found = (name: string) => groups.get(name)?.findings.map(({ check, object }) => `${check} ${object}`)
    expect(found('settings')).toEqual(
      ['DB_OUTBOX_MAX_DEPTH', 'BACKUP_S3_ENDPOINT', 'MIYABI_PRISMA_ENGINE'].map((name) => `settings.invalid ${name}`),
    )
    expect(found('drift')).toEqual(['drift.postgres public.plugin_submissions', 'drift.postgres public.logs'])
    expect(found('indexes')).toEqual(['indexes.duplicate twice', 'indexes.foreign_key plugin_submissions (user_id)'])
    expect(found('tables')).toHaveLength(3)
    expect(groups.get('tables')?.findings[0]).toMatchObject({
      check: 'tables.missing',
      object: 'elsewhere_MiyabiEvents',
      remedy: 'run `pnpm db:tables apply`',
    })
    expect(groups.get('pool')?.findings).toEqual([
      expect.objectContaining({ check: 'pool.too_large', remedy: expect.stringContaining('DB_MAX_CONNECTIONS') }),
    ])
  })

  it('finds a Redis that cannot be used, and relays that do not raise tags in it', async () => {
    const cache = { REDIS_URL: 'redis://:secret-word@127.0.0.1:1', CACHE_SECRET: 'x'.repeat(32) }
    await byHand(
      `UPDATE outbox_partitions SET holder = gen_random_uuid(), held_until = now() + '1 minute' WHERE partition < 2`,
    )
    const { code, groups } = await examine(cache)
    await byHand('UPDATE outbox_partitions SET holder = NULL, held_until = now() WHERE partition < 2')
    expect(code).toBe(2)
    expect(groups.get('cache')?.findings).toEqual([
      expect.objectContaining({ check: 'cache.redis', problem: expect.stringContaining('ECONNREFUSED') }),
      expect.objectContaining({ check: 'cache.relays', problem: expect.stringMatching(/^2 running relays do not/) }),
    ])
    expect(JSON.stringify(groups.get('cache'))).not.toContain('secret-word')
  })

  it('tells a server that does not answer from what nobody can know then, with no password', async () => {
    const { code, stdout } = await miyabi(folder, ['doctor'], {
      DATABASE_URL: NOWHERE,
      DYNAMODB_ENDPOINT: 'http://127.0.0.1:1',
    })
    expect(code).toBe(2)
    expect(stdout, 'which server it asked, without its login').toMatch(/^PostgreSQL: 127\.0\.0\.1:1\//)
    expect(stdout).toMatch(/servers +2 found\n +servers\.postgres\n +DATABASE_URL: /)
    expect(stdout).toMatch(/indexes +unknown: Can't reach database server at `127\.0\.0\.1:1`/)
    expect(stdout).toContain('9 of 12 groups unknown')
    expect(stdout).not.toMatch(/secret-word|^\s+at /m)
  })
})

describe('miyabi doctor while it works', () => {
  /** A workspace whose one migration takes a minute, and a database that says that it has it. */
  async function slowWorkspace(): Promise<{ root: string; database: TestDatabase; remove(): Promise<void> }> {
    const root = mkdtempSync(path.join(tmpdir(), 'miyabi-cli-'))
    const migration = path.join(root, 'prisma/migrations/1_slow')
    mkdirSync(migration, { recursive: true })
    writeFileSync(path.join(root, 'pnpm-workspace.yaml'), '')
    writeFileSync(path.join(root, 'prisma.config.ts'), "export { prismaConfig as default } from '@miyabi/migrate'\n")
    writeFileSync(path.join(migration, 'migration.sql'), 'SELECT pg_sleep(64)')
    const database = await createTestDatabase({ empty: true })
    await sql(
      database.directDatabaseUrl,
      `CREATE TABLE _prisma_migrations (id text, checksum text, finished_at timestamptz, migration_name text, rolled_back_at timestamptz, started_at timestamptz);
       INSERT INTO _prisma_migrations VALUES ('1', 'x', now(), '1_slow', NULL, now())`,
    )
    const remove = async (): Promise<void> => {
      await database.drop()
      rmSync(root, { recursive: true })
    }
    return { root, database, remove }
  }

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves no database behind when %s ends it', async (signal) => {
    const { root, database, remove } = await slowWorkspace()
    const url = database.directDatabaseUrl
    const env = {
      DATABASE_URL: database.databaseUrl,
      DIRECT_DATABASE_URL: url,
      DYNAMODB_ENDPOINT: 'http://127.0.0.1:1',
    }
    try {
      const { child, result } = start(folder, ['doctor'], env, root)
      await until(async () => (await databasesRunning(url, 'pg_sleep(64)')).length > 0)
      const [scratch] = await databasesRunning(url, 'pg_sleep(64)')
      expect(scratch).toMatch(/^prisma_migrate_shadow_db_/)
      const interruptedAt = performance.now()
      child.kill(signal)
      const { code, stdout, stderr } = await result
      expect(performance.now() - interruptedAt, 'not after the minute').toBeLessThan(30_000)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(new RegExp(`(^|\n)error cli\\.interrupted\nInterrupted by ${signal}; `))
      expect(await shadowDatabases(url)).not.toContain(scratch)
    } finally {
      await remove()
    }
  })
})

describe('miyabi migrate drift', () => {
  it('shows both stores in one report, and ends with 2', async () => {
    await byHand('ALTER TABLE users ADD COLUMN shoe_size int;')
    const { code, stdout } = await miyabi(folder, ['migrate', 'drift'])
    expect(code).toBe(2)
    expect(stdout).toMatch(/PostgreSQL\n[\s\S]*\+ column public\.users\.shoe_size\n[\s\S]*DynamoDB\nno difference/)
    await byHand('ALTER TABLE users DROP COLUMN shoe_size;')
  })

  it('tells a program the same', async () => {
    const { code, stdout } = await miyabi(folder, ['migrate', 'drift', '--json'], {
      DYNAMODB_TABLE_PREFIX: 'elsewhere_',
    })
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({
      postgres: { pending: [] },
      dynamodb: { differences: expect.arrayContaining([expect.objectContaining({ table: 'elsewhere_MiyabiEvents' })]) },
    })
  })

  it('ends with 1 where it could not tell, and still asks the other store', async () => {
    const { code, stdout } = await miyabi(folder, ['migrate', 'drift'], { DATABASE_URL: NOWHERE })
    expect(code).toBe(1)
    expect(stdout).toMatch(/Can't reach database server[\s\S]*DynamoDB\nno difference/)
    expect(stdout).not.toContain('secret-word')
  })
})

describe('miyabi migrate verify', () => {
  it('says in our words that there is no server', async () => {
    const { code, stdout, stderr } = await miyabi(folder, ['migrate', 'verify'], { DATABASE_URL: NOWHERE })
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/error migrate\.engine\nCan't reach database server/)
    expect(stderr).not.toContain('secret-word')
  })
})

describe('miyabi migrate lint', () => {
  it('checks the migrations of the workspace with no database at hand', async () => {
    const { code, stdout } = await miyabi(folder, ['migrate', 'lint', '--json'], { DATABASE_URL: NOWHERE })
    const { checked, findings } = JSON.parse(stdout) as { checked: string[]; findings: unknown[] }
    expect(checked).toContain('20261122000000_init')
    expect(findings).toEqual([])
    expect(code).toBe(0)
  })
})
