import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Postgres15, startPostgres15 } from '../schema/postgres-15.js'

// pg_dump is no part of the embedded server, and refuses one that is newer than itself.
describe('the copy that the design page tells how to make', () => {
  let server: Postgres15
  let folder: string
  beforeAll(async () => {
    server = await startPostgres15()
    folder = mkdtempSync(path.join(tmpdir(), 'miyabi-dump-'))
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true })
    await server.close()
  })

  it('has every row, and keeps whose tables and functions are', async () => {
    const { directDatabaseUrl: source } = await server.create()
    const target = source.replace(/\/[^/]*$/, '/restored')
    const query = async (url: string, sql: string): Promise<unknown[]> => {
      const client = new pg.Client(url)
      await client.connect()
      const { rows } = await client.query<Record<string, unknown>>(sql).finally(() => client.end())
      return rows
    }
    const owners = `SELECT (SELECT count(*)::int FROM users) AS users, (SELECT count(*)::int FROM logs) AS logs,
      (SELECT array_agg(DISTINCT tableowner::text) FROM pg_tables WHERE schemaname = 'public') AS tables,
      (SELECT array_agg(DISTINCT pg_get_userbyid(proowner)::text) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prosecdef) AS functions`
    await query(source, `INSERT INTO users (email) VALUES ('somebody@example.com')`)
    await query(source, `INSERT INTO logs (level, message) VALUES ('info', 'of a month')`)
    const superuser = source.replace('//schema_owner@', '//postgres@')
    await query(superuser, 'CREATE DATABASE restored OWNER schema_owner')

    const dump = path.join(folder, 'miyabi.dump')
    execFileSync('pg_dump', ['--enable-row-security', '--format=custom', `--file=${dump}`, source])
    await query(target, 'GRANT CREATE ON SCHEMA public TO miyabi_owner, miyabi_definer')
    execFileSync('pg_restore', ['--exit-on-error', `--dbname=${target}`, dump])
    await query(target, 'REVOKE CREATE ON SCHEMA public FROM miyabi_definer')

    expect(await query(target, owners)).toEqual(await query(source, owners))
    expect(await query(target, owners)).toEqual([
      { users: 1, logs: 1, tables: ['miyabi_owner'], functions: ['miyabi_definer'] },
    ])
    const rights = "SELECT nspacl::text FROM pg_namespace WHERE nspname = 'public'"
    expect(await query(target, rights)).toEqual(await query(source, rights))
  })
})
