import { describe, expect, it } from 'vitest'
import { sql, useDatabase } from './support/database.js'
import { migrationParams, startEngine } from './support/engine.js'

const database = useDatabase()

/** What the limits of a session are, noted by a script that is a single statement. */
const NOTE =
  "CREATE TABLE limits AS SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement"

describe('the header of a migration', () => {
  it('gives the connection its limits for this script and no longer', async () => {
    const engine = startEngine({ url: database.url })
    const migrations = {
      '1_note': `-- Notes.\n-- @limits lock_timeout=7s statement_timeout=2h\n\n${NOTE}`,
      '2_note': NOTE.replace('TABLE limits', 'TABLE usual'),
    }
    expect((await engine.request('applyMigrations', migrationParams(migrations))).error).toBeUndefined()
    expect(await sql(database.url, 'SELECT * FROM limits')).toEqual([{ lock: '7s', statement: '2h' }])
    expect(await sql(database.url, 'SELECT * FROM usual')).toEqual([{ lock: '0', statement: '0' }])
  })

  it('is refused where it is not understood, before anything runs', async () => {
    const engine = startEngine({ url: database.url })
    const script = '-- @limits lock_timeout=5 minutes\nCREATE TABLE never (id int)'
    const { error } = await engine.request('dbExecute', { datasourceType: { tag: 'url', url: database.url }, script })
    expect(error?.data?.message).toContain('The comment `-- @limits lock_timeout=5` is not understood')
    expect(await sql(database.url, "SELECT to_regclass('never') AS never")).toEqual([{ never: null }])
  })
})
