import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { changesRoles } from './server-turn.js'

describe('changesRoles', () => {
  it.each([
    'CREATE ROLE a',
    `DO $$ BEGIN EXECUTE format('CREATE ROLE %I NOLOGIN', wanted); END $$`,
    'alter user a createdb',
    'GRANT a, "B" TO c',
    `DO $$ BEGIN EXECUTE format('GRANT a, b TO %I', current_user); END $$`,
    'REVOKE a FROM c',
  ])('sees it in %s', (script) => {
    expect(changesRoles(script)).toBe(true)
  })

  it.each([
    'GRANT SELECT ON t TO a',
    'GRANT USAGE ON SCHEMA s TO a; GRANT SELECT (id, name), UPDATE (name) ON t TO b',
    'REVOKE ALL ON t FROM PUBLIC',
    'ALTER DEFAULT PRIVILEGES FOR ROLE a GRANT SELECT ON TABLES TO b',
    'CREATE TABLE roles (id int)',
  ])('sees none in %s', (script) => {
    expect(changesRoles(script)).toBe(false)
  })

  it("sees it in this repository's migration that makes roles, and in no other", () => {
    const folder = path.resolve(import.meta.dirname, '../../../../prisma/migrations')
    const names = readdirSync(folder).filter((name) => /^\d/.test(name))
    const found = names.filter((name) => changesRoles(readFileSync(path.join(folder, name, 'migration.sql'), 'utf8')))
    expect(found).toEqual([expect.stringContaining('_row_level_security')])
  })
})
