import { createTestDatabase, sql } from '@miyabi/testing'
import { expect, it } from 'vitest'
import { restoresCheck } from '../../src/doctor/restores.js'
import { checkDatabase } from '../../src/index.js'

it("doctor's look at restores finds one that is not resumed, and needs no table of them", async () => {
  const diagnose = (database: string) => checkDatabase(restoresCheck, { database, migrations: import.meta.dirname })
  await using empty = await createTestDatabase({ empty: true })
  expect(await diagnose(empty.directDatabaseUrl)).toEqual([])

  await using database = await createTestDatabase()
  await sql(
    database.directDatabaseUrl,
    `INSERT INTO restores (backup_id, cut, resumed_at, row_count, item_count, outbox_until, erasures)
     VALUES ('done', now(), now(), 1, 1, 1, 'applied'), ('waits', now(), NULL, 1, 1, 1, 'applied')`,
  )
  expect(await diagnose(database.directDatabaseUrl)).toMatchObject([
    { check: 'restores.not_resumed', object: 'waits', remedy: 'run `miyabi backup resume`' },
  ])
})
