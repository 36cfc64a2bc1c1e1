import path from 'node:path'
import { createTestDatabase, sql } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { migrationsCheck } from '../../src/doctor/migrations.js'
import { readMigrations } from '../../src/history/folder.js'
import { checkDatabase } from '../../src/index.js'
import { migrationsOf } from '../support/migrations.js'

const migrations = path.resolve(import.meta.dirname, '../../../../prisma/migrations')
const [first] = readMigrations(migrations).map(({ name }) => name)

async function diagnose(change: string) {
  await using database = await createTestDatabase()
  if (change !== '') await sql(database.directDatabaseUrl, change)
  return await checkDatabase(migrationsCheck, { database: database.directDatabaseUrl, migrations })
}

describe("doctor's look at the history", () => {
  it('finds nothing in a migrated database', async () => {
    expect(await diagnose('')).toEqual([])
  })

  it.each([
    ['pending', `DELETE FROM _prisma_migrations WHERE migration_name = '${first}'`, first],
    ['failed', `UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '${first}'`, first],
    ['edited', `UPDATE _prisma_migrations SET checksum = 'x' WHERE migration_name = '${first}'`, first],
    [
      'unknown',
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('z', 'z', '99990101000000_later', now())`,
      '99990101000000_later',
    ],
  ])('names what is %s', async (state, change, name) => {
    expect(await diagnose(change)).toEqual([
      { check: `migrations.${state}`, object: name, problem: expect.any(String), remedy: expect.any(String) },
    ])
  })

  it('names a table into which no rows.sql puts a row, where others have one', async () => {
    const [one] = migrationsOf({
      '1_a': { up: 'CREATE TABLE a (id int); CREATE TABLE passing (id int)', rows: 'INSERT INTO a VALUES (1)' },
      '2_b': { up: 'CREATE TABLE b (id int); DROP TABLE passing' },
    })
    await using database = await createTestDatabase({ empty: true })
    const where = { database: database.directDatabaseUrl, migrations: path.dirname(one?.folder ?? '') }
    const found = await checkDatabase(migrationsCheck, where)
    expect(found.filter(({ check }) => check !== 'migrations.pending')).toEqual([
      expect.objectContaining({ check: 'migrations.table_without_rows', object: 'b' }),
    ])
  })

  it('calls every migration pending where there is no history', async () => {
    const found = await diagnose('DROP TABLE _prisma_migrations')
    expect(found.map(({ check, object }) => [check, object])).toEqual(
      readMigrations(migrations).map(({ name }) => ['migrations.pending', name]),
    )
  })
})
