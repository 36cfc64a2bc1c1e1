import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Postgres15, startPostgres15 } from './postgres-15.js'
import { catalog } from './suites/catalog.js'
import { everySuite } from './suites/every-suite.js'
import { functions } from './suites/functions.js'
import { ids } from './suites/ids.js'
import { triggers } from './suites/triggers.js'

describe('the schema on PostgreSQL 15', () => {
  let server: Postgres15
  beforeAll(async () => {
    server = await startPostgres15()
  })
  afterAll(() => server.close())
  const open = () => server.open()

  it('is applied by the owner of the database, who is no superuser', async () => {
    const db = await open()
    const [row] = await db.query(
      `SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('is_superuser') AS superuser`,
    )
    expect(row).toEqual({ major: 15, superuser: 'off' })
    await db.close()
  })

  // A constraint is one on every version, and the matrix runs all of them on each: here is what is code on the server.
  if (process.env['MIYABI_TEST_LONG'] === '1') return everySuite(open)
  for (const suite of [catalog, functions, ids, triggers]) suite(open)
})
