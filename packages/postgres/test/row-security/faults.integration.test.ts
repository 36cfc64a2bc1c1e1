import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ada, alice, bob, fixture, wanda } from './people.js'
import { openSecured, openSecured15, type SecuredDatabase } from './secured-database.js'

/**
 * What the design that came before got wrong, and what people's statements set off. Matrix and mutants say the rest.
 */
describe.each([
  ['the server of the test run', openSecured],
  ['PostgreSQL 15', openSecured15],
])('row-level security on %s', (_, open) => {
  let db: SecuredDatabase
  let application: pg.Client
  beforeAll(async () => {
    db = await open()
    application = new pg.Client(db.databaseUrl)
    application.on('error', () => {})
    await application.connect()
  })
  afterAll(async () => {
    await application.end()
    await db.close()
  })

  /** Runs statements as a person through the application's login, and takes them back. Answers the rows of the last. */
  const as = async (
    role: 'miyabi_user' | 'miyabi_web_user',
    id: string,
    ...statements: readonly string[]
  ): Promise<pg.QueryResultRow[]> => {
    const setting = role === 'miyabi_user' ? 'miyabi.user_id' : 'miyabi.web_user_id'
    let rows: pg.QueryResultRow[] = []
    await application.query('BEGIN')
    try {
      await application.query('SELECT set_config($1, $2, true), set_config($3, $4, true)', [setting, id, 'role', role])
      for (const statement of statements) rows = (await application.query(statement)).rows
    } finally {
      await application.query('ROLLBACK')
    }
    return rows
  }
  const asUser = (id: string, ...statements: string[]) => as('miyabi_user', id, ...statements)

  it('answers people and admins who ask for users, without asking itself in a circle', async () => {
    expect(await asUser(alice.id, 'SELECT id FROM users')).toEqual([{ id: alice.id }])
    expect(await asUser(ada.id, 'SELECT id FROM users')).toHaveLength(3)
  })

  it('lets nobody make themself an admin, by whichever way a role can be written', async () => {
    for (const statement of [
      `UPDATE users SET role = 'admin'`,
      `UPDATE users SET name = 'Alice', role = 'admin' WHERE id = '${alice.id}'`,
      `INSERT INTO users (id, email, role) VALUES ('${alice.id}', 'a@example.org', 'admin') ON CONFLICT (id) DO UPDATE SET role = 'admin'`,
      `MERGE INTO users USING (SELECT 1) AS one ON id = '${alice.id}' WHEN MATCHED THEN UPDATE SET role = 'admin'`,
      `COPY users (email, role) FROM STDIN`,
    ]) {
      await expect(asUser(alice.id, statement), statement).rejects.toThrow('permission denied for table users')
    }
    expect(await asUser(alice.id, "UPDATE users SET name = 'Alice' RETURNING role")).toEqual([{ role: 'user' }])
  })

  it('lets nobody grant themself a license, a subscription, a trial or usage', async () => {
    for (const [table, columns, values] of [
      ['licenses', 'user_id, plugin_id, license_key, tier', `'${alice.id}', 'fresh', 'k', 'pro'`],
      [
        'subscriptions',
        'user_id, plugin_id, tier, license_key, status',
        `'${alice.id}', 'fresh', 'pro', 'k', 'active'`,
      ],
      ['trials', 'user_id, plugin_id, license_key, expires_at', `'${alice.id}', 'fresh', 'k', '2999-01-01'`],
      ['usage_events', 'user_id, plugin_id, event_type', `'${alice.id}', 'fresh', 'command_used'`],
    ]) {
      await expect(asUser(alice.id, `INSERT INTO ${table} (${columns}) VALUES (${values})`)).rejects.toThrow(
        `permission denied for table ${table}`,
      )
    }
  })

  it('tells whether a key was revoked to whoever has it, and lists no key', async () => {
    const asked = (key: string) => `SELECT license_is_revoked('${key}') AS revoked`
    expect(await asUser(alice.id, asked('revoked'))).toEqual([{ revoked: true }])
    expect(await as('miyabi_web_user', wanda.id, asked('revoked'))).toEqual([{ revoked: true }])
    expect(await asUser(alice.id, asked('license of alice'))).toEqual([{ revoked: false }])
    const revoke = `UPDATE licenses SET revoked = true, revoked_at = now() WHERE license_key = 'license of alice'`
    expect(await asUser(ada.id, revoke, asked('license of alice'))).toEqual([{ revoked: true }])
    await expect(asUser(alice.id, 'SELECT license_is_revoked(NULL)')).rejects.toThrow('it is NULL')
    expect(await asUser(alice.id, 'SELECT * FROM revoked_licenses')).toEqual([])
    await expect(as('miyabi_web_user', wanda.id, 'SELECT * FROM revoked_licenses')).rejects.toThrow(
      'permission denied for table revoked_licenses',
    )
  })

  describe('statements of people', () => {
    const rating = `SELECT rating::float FROM plugins WHERE id = 'catalog'`

    it('keep the rating, although they may not write it', async () => {
      const own = `user_id = '${alice.id}'`
      expect(await asUser(alice.id, `UPDATE plugin_reviews SET rating = 1 WHERE ${own}`, rating)).toEqual([
        { rating: 3 },
      ])
      expect(await asUser(alice.id, `DELETE FROM plugin_reviews WHERE ${own}`, rating)).toEqual([{ rating: 4 }])
      const insert = `INSERT INTO plugin_reviews (plugin_id, user_id, rating) VALUES ('fresh', '${alice.id}', 5)`
      expect(await asUser(alice.id, insert, "SELECT rating::float FROM plugins WHERE id = 'fresh'")).toEqual([
        { rating: 5 },
      ])
      await expect(asUser(alice.id, "UPDATE plugins SET rating = 5 WHERE id = 'catalog'")).rejects.toThrow(
        'permission denied for table plugins',
      )
    })

    it('keep the rating also where the reviews go with their author, who may be the one who asks', async () => {
      await db.query('BEGIN')
      const purchases = ['subscriptions', 'licenses', 'trials', 'usage_events', 'usage_aggregates']
      for (const table of purchases) await db.query(`DELETE FROM ${table}`)
      await db.query("SELECT set_config('miyabi.user_id', $1, true), set_config('role', 'miyabi_user', true)", [ada.id])
      await db.query('DELETE FROM users WHERE id = $1', [bob.id])
      await db.query('DELETE FROM users WHERE id = $1', [ada.id])
      await db.query("SELECT set_config('role', $1, true)", [db.home])
      expect(
        await db.query(
          "SELECT rating::float, (SELECT count(*)::int FROM plugin_reviews) AS left FROM plugins WHERE id = 'catalog'",
        ),
      ).toEqual([{ rating: 4, left: 1 }])
      expect(await db.query("SELECT author_id FROM plugins WHERE id = 'by-ada'")).toEqual([{ author_id: null }])
      await db.query('ROLLBACK')
    })

    it('count their own usage, and no download, and set updated_at', async () => {
      const count = `SELECT increment_usage('${alice.id}', 'catalog', '2026-01', 'tokens', 7)`
      const agent = `SELECT increment_agent_execution('${alice.id}', 'catalog', '2026-01', 'CodeGen')`
      const read = `SELECT tokens, agent_executions FROM usage_aggregates WHERE period = '2026-01'`
      expect(await asUser(alice.id, count, count, agent, read)).toEqual([
        { tokens: '14', agent_executions: { CodeGen: 1 } },
      ])
      const longAgo = asUser(alice.id, count.replace('2026-01', '2001-01'))
      await expect(longAgo).rejects.toThrow("Usage of '2001-01' cannot be counted")
      const download = asUser(alice.id, "SELECT increment_downloads('catalog')")
      await expect(download).rejects.toThrow('permission denied for function increment_downloads')
      const rename = "UPDATE users SET name = 'Alice' RETURNING updated_at = current_instant() AS now"
      expect(await asUser(alice.id, rename)).toEqual([{ now: true }])
    })

    it('leave nothing of the identity on the connection', async () => {
      await asUser(alice.id, 'SELECT FROM users')
      const { rows } = await application.query(
        "SELECT current_user AS who, current_setting('miyabi.user_id', true) AS id",
      )
      expect(rows).toEqual([{ who: 'miyabi_app', id: '' }])
      await expect(application.query('SELECT FROM users')).rejects.toThrow('permission denied for table users')
    })
  })

  it('lets a person of the application become neither the service nor the owner', async () => {
    for (const role of ['miyabi_service', 'miyabi_owner', 'miyabi_definer', 'miyabi_backend']) {
      await expect(asUser(alice.id, `SET LOCAL ROLE ${role}`)).rejects.toThrow('permission denied to set role')
    }
    await expect(asUser(alice.id, 'SET SESSION AUTHORIZATION miyabi_backend')).rejects.toThrow('permission denied')
    await expect(asUser(alice.id, 'SET LOCAL row_security = off', 'SELECT FROM users')).rejects.toThrow(
      'would be affected by row-level security',
    )
  })

  it('changes every row for a migration, which owns the tables', async () => {
    await db.query('BEGIN')
    const changed = await db.query("UPDATE agent_executions SET options = '[]' RETURNING id")
    await db.query('ROLLBACK')
    await expect(
      db.query("BEGIN; SET LOCAL row_security = off; UPDATE agent_executions SET options = '[]'"),
    ).rejects.toThrow('would be affected by row-level security')
    await db.query('ROLLBACK')
    expect(changed).toHaveLength(fixture.filter(({ table }) => table === 'agent_executions').length)
  })
})
