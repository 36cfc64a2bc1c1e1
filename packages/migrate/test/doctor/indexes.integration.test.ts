import { createTestDatabase, sql } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { indexesCheck } from '../../src/doctor/indexes.js'
import { checkDatabase } from '../../src/index.js'

const TABLES = `
  CREATE TABLE people (id int PRIMARY KEY, email text UNIQUE, name text);
  CREATE TABLE notes (id int PRIMARY KEY, owner int REFERENCES people (id), place int, floor int, title text);
  CREATE INDEX notes_owner_idx ON notes (owner, title);
  CREATE TABLE rooms (place int, floor int, PRIMARY KEY (place, floor));
  ALTER TABLE notes ADD CONSTRAINT notes_room FOREIGN KEY (place, floor) REFERENCES rooms;
  CREATE INDEX notes_room_idx ON notes (floor, place);
  CREATE INDEX notes_titled_idx ON notes (title) WHERE title <> '';`

/** What doctor finds after `change`, with every index that was never used counted as such where `unused` says so. */
async function diagnose(change: string, options: { unused?: boolean } = {}) {
  await using database = await createTestDatabase({ empty: true })
  const url = database.directDatabaseUrl
  await sql(url, `${TABLES} ${change}`)
  const check = options.unused ? indexesCheck({ rows: 1, days: 0 }) : indexesCheck()
  return await checkDatabase(check, { database: url, migrations: import.meta.dirname })
}

describe("doctor's look at indexes", () => {
  it('finds nothing where all is well', async () => {
    expect(await diagnose('')).toEqual([])
  })

  it.each([
    ['the index of a unique key again', 'CREATE INDEX again ON people (email)', 'again', 'people_email_key'],
    ['two of the same name apart', 'CREATE INDEX again ON notes (owner, title)', 'again', 'notes_owner_idx'],
    ['two partial ones', `CREATE INDEX again ON notes (title) WHERE title <> ''`, 'again', 'notes_titled_idx'],
  ])('finds double indexes: %s', async (_, change, index, kept) => {
    expect(await diagnose(change)).toEqual([
      {
        check: 'indexes.duplicate',
        object: index,
        problem: expect.stringContaining(kept),
        remedy: expect.stringContaining(`DROP INDEX CONCURRENTLY ${index}`),
      },
    ])
  })

  it.each([
    ['CREATE INDEX other ON notes (owner, title DESC)'],
    ['CREATE INDEX other ON notes USING hash (title)'],
    [`CREATE INDEX other ON notes (title) WHERE title <> 'x'`],
    ['CREATE INDEX other ON notes (lower(title)); CREATE INDEX another ON notes (upper(title))'],
    ['CREATE INDEX other ON notes (title text_pattern_ops); CREATE INDEX another ON notes (title)'],
  ])('takes indexes that differ for different: %s', async (change) => {
    expect(await diagnose(change)).toEqual([])
  })

  it.each([
    ['DROP INDEX notes_owner_idx', 'notes (owner)'],
    ['DROP INDEX notes_room_idx', 'notes (place, floor)'],
    ['DROP INDEX notes_owner_idx; CREATE INDEX part ON notes (owner) WHERE owner > 0', 'notes (owner)'],
    ['DROP INDEX notes_owner_idx; CREATE INDEX behind ON notes (title, owner)', 'notes (owner)'],
  ])('finds foreign keys without an index: %s', async (change, object) => {
    expect(await diagnose(change)).toEqual([
      expect.objectContaining({
        check: 'indexes.foreign_key',
        object,
        remedy: expect.stringContaining(`ON ${object}`),
      }),
    ])
  })

  it('finds an index whose making failed, with how to make it again', async () => {
    await using database = await createTestDatabase({ empty: true })
    const url = database.directDatabaseUrl
    await sql(url, `${TABLES} INSERT INTO people VALUES (1, 'a', 'x'), (2, 'b', 'x')`)
    await expect(sql(url, 'CREATE UNIQUE INDEX CONCURRENTLY broken ON people (name)')).rejects.toThrow(
      'could not create unique index',
    )
    expect(await checkDatabase(indexesCheck(), { database: url, migrations: import.meta.dirname })).toEqual([
      expect.objectContaining({
        check: 'indexes.invalid',
        object: 'broken',
        remedy: expect.stringContaining('CREATE UNIQUE INDEX CONCURRENTLY broken'),
      }),
    ])
  })

  it('finds indexes that nothing needs: not those of keys, nor one that no query could have used yet', async () => {
    const rows = `INSERT INTO notes SELECT n FROM generate_series(1, 100) AS n;`
    const found = await diagnose(`${rows} CREATE INDEX idle ON notes (title); ANALYZE`, { unused: true })
    expect(found.map(({ check, object }) => [check, object])).toEqual([
      ['indexes.unused', 'idle'],
      ['indexes.unused', 'notes_room_idx'],
      ['indexes.unused', 'notes_titled_idx'],
    ])
    expect(await diagnose(`${rows} CREATE INDEX idle ON notes (title); ANALYZE`)).toEqual([])
  })
})
