import { sql, until } from '@miyabi/testing'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { createHistory } from '../src/history/history.js'
import { changed, useDatabase } from './support/database.js'
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

describe('an index that is made concurrently', () => {
  /**
   * Applies a migration beside a transaction that began before it and lasts longer than the lock timeout, as a dump
   * does.
   */
  async function applyBesideDump(name: string, script: string): Promise<unknown> {
    const dump = new pg.Client({ connectionString: database.url })
    await dump.connect()
    try {
      await dump.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM places')
      const url = changed(database.url, (copy) => copy.searchParams.set('options', '-c lock_timeout=200ms'))
      const engine = startEngine({ url })
      const applied = engine.request('applyMigrations', migrationParams({ [name]: script }))
      let isDone = false
      void applied.then(() => {
        isDone = true
      })
      const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
        AND application_name = 'prisma-schema-engine' AND clock_timestamp() - query_start > interval '1 s'`
      await until(async () => isDone || (await sql(database.url, waiting)).length > 0)
      await dump.query('COMMIT')
      const answer = await applied
      await engine.end() // and with it its hold of Prisma's lock
      return answer
    } finally {
      await dump.end()
    }
  }

  it('waits for a long transaction, whatever the lock timeout of its header and its session', async () => {
    await sql(
      database.url,
      'DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE places AS SELECT n AS id FROM generate_series(1, 9) AS n',
    )
    const script = '-- @limits lock_timeout=300ms\nCREATE INDEX CONCURRENTLY places_id ON places (id);\n'
    await sql(database.url, createHistory('public'))
    expect(await applyBesideDump('1_index', script)).toMatchObject({ result: { appliedMigrationNames: ['1_index'] } })
    const [index] = await sql(database.url, `SELECT indisvalid FROM pg_index WHERE indexrelid = 'places_id'::regclass`)
    expect(index).toEqual({ indisvalid: true })
    expect(await applyBesideDump('2_drop', 'DROP INDEX CONCURRENTLY places_id')).toHaveProperty('result')
  })

  it('is the only one to do so: what locks a table gives up', async () => {
    const locking = await applyBesideDump('3_drop', '-- @limits lock_timeout=300ms\nDROP TABLE places -- concurrently')
    expect(locking).toMatchObject({ error: { data: { message: expect.stringContaining('55P03') } } })
  })
})
