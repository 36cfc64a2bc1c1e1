import { createTestDatabase, databasesRunning, shadowDatabases, sql, until } from '@miyabi/testing'
import pg from 'pg'
import { beforeEach, describe, expect, it } from 'vitest'
import { shadowName } from '../src/scratch/shadow-name.js'
import { changed, tables, useDatabase } from './support/database.js'
import { migrationParams, startEngine } from './support/engine.js'

const database = useDatabase()

beforeEach(() => sql(database.url, 'DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public'))

const HOUR_MS = 3_600_000

describe('a shadow database', () => {
  it('is created for the comparison and dropped after it', async () => {
    const engine = startEngine({ url: database.url })
    const answer = await engine.request(
      'devDiagnostic',
      migrationParams({ '1_a': 'CREATE TABLE a (id int PRIMARY KEY)' }),
    )
    expect(answer.result).toEqual({ action: { tag: 'createMigration' } })
    await engine.end()
  })

  it('shows a migration that fails in it (P3006), by name and with the place, and is dropped', async () => {
    const engine = startEngine({ url: database.url })
    const before = await shadowDatabases(database.url)
    const answer = await engine.request(
      'devDiagnostic',
      migrationParams({
        '1_a': 'CREATE TABLE a (id int);',
        '2_b': 'CREATE TABLE b (id int);\nINSERT INTO c VALUES (1);',
      }),
    )
    expect(answer.error?.data).toMatchObject({ error_code: 'P3006' })
    expect(answer.error?.data?.message).toContain('Migration `2_b` failed to apply cleanly to the shadow database')
    expect(answer.error?.data?.message).toContain('  2 INSERT INTO c VALUES (1);')
    await engine.end()
    // Other test files have shadow databases of their own meanwhile; those that are there now go, too.
    const left = (await shadowDatabases(database.url)).filter((name) => !before.includes(name))
    await until(async () => (await shadowDatabases(database.url)).every((name) => !left.includes(name)))
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('is dropped when %s comes in the middle of the work', async (signal) => {
    const engine = startEngine({ url: database.url })
    const answer = engine.request('devDiagnostic', migrationParams({ '1_slow': 'SELECT pg_sleep(67)' }))
    await until(async () => (await databasesRunning(database.url, 'pg_sleep(67)')).length > 0)
    const [name] = await databasesRunning(database.url, 'pg_sleep(67)')
    expect(name).toMatch(/^prisma_migrate_shadow_db_/)
    engine.child.kill(signal)
    expect(await engine.exit).toBe(1)
    expect((await answer).error?.data?.message).toContain(signal)
    expect(await shadowDatabases(database.url)).not.toContain(name)
  })

  it('that a killed run has left is dropped by the next run, once it is old and nobody is connected', async () => {
    const [abandoned, recent, inUse] = [
      shadowName(Date.now() - HOUR_MS),
      shadowName(Date.now()),
      shadowName(Date.now() - HOUR_MS),
    ]
    const native = 'prisma_migrate_shadow_db_0d5f0c1e-8b0a-4c55-9d0b-6f3f2f1f7a11'
    const all = [abandoned, recent, inUse, native]
    for (const name of all) await sql(database.url, `CREATE DATABASE "${name}"`)
    const user = new pg.Client({
      connectionString: changed(database.url, (url) => {
        url.pathname = `/${inUse}`
      }),
    })
    await user.connect()
    try {
      const engine = startEngine({ url: database.url })
      await engine.request('devDiagnostic', migrationParams({ '1_a': 'SELECT 1' }))
      await engine.end()
      const left = await shadowDatabases(database.url)
      expect(all.filter((name) => left.includes(name))).toEqual([recent, inUse, native])
    } finally {
      await user.end()
      for (const name of all) await sql(database.url, `DROP DATABASE IF EXISTS "${name}"`)
    }
  })
})

describe('a shadow database that a setting names', () => {
  it('is wiped before use', async () => {
    await using shadow = await createTestDatabase({ empty: true })
    await sql(
      shadow.directDatabaseUrl,
      'CREATE SCHEMA junk; CREATE TABLE junk.a (id int); CREATE TABLE public.a (id int)',
    )
    const engine = startEngine({ url: database.url, shadowDatabaseUrl: shadow.directDatabaseUrl })
    const answer = await engine.request(
      'devDiagnostic',
      migrationParams({ '1_a': 'CREATE TABLE a (id int PRIMARY KEY)' }),
    )
    expect(answer.result).toEqual({ action: { tag: 'createMigration' } })
    await engine.end()
    expect(await tables(shadow.directDatabaseUrl)).toEqual(['a'])
  })

  it('may not be the database itself (P3014), whose tables would be lost', async () => {
    await sql(database.url, 'CREATE TABLE keep (id int)')
    const engine = startEngine({ url: database.url, shadowDatabaseUrl: database.url })
    const answer = await engine.request('devDiagnostic', migrationParams({ '1_a': 'SELECT 1' }))
    expect(answer.error?.data).toMatchObject({ error_code: 'P3014' })
    expect(await tables(database.url)).toContain('keep')
  })

  it('with a wrong password is P1000', async () => {
    const url = changed(database.url, (copy) => {
      copy.password = 'wrong-Pa55word'
      copy.pathname += '_shadow'
    })
    const engine = startEngine({ url: database.url, shadowDatabaseUrl: url })
    const answer = await engine.request('devDiagnostic', migrationParams({ '1_a': 'SELECT 1' }))
    expect(answer.error?.data).toMatchObject({ error_code: 'P1000' })
  })
})

describe('a login without the right to create databases', () => {
  it('is P3014, which tells about SHADOW_DATABASE_URL', async () => {
    const engine = startEngine({ url: database.applicationUrl })
    const answer = await engine.request('devDiagnostic', migrationParams({ '1_a': 'SELECT 1' }))
    expect(answer.error?.data).toMatchObject({ error_code: 'P3014' })
    expect(answer.error?.data?.message).toContain('SHADOW_DATABASE_URL')
  })
})
