import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idOf, insert, tables } from '../rows.js'
import type { OpenSchemaDatabase, SchemaDatabase } from '../schema-database.js'

export function values(open: OpenSchemaDatabase): void {
  describe('values', () => {
    let db: SchemaDatabase
    beforeAll(async () => {
      db = await open()
    })
    afterAll(() => db.close())

    it('holds GitHub ids that do not fit 32 bits', async () => {
      expect(await insert(db, 'web_users', { github_id: '9007199254740993' })).toMatchObject({
        github_id: '9007199254740993',
      })
      expect(await insert(db, 'repositories', { github_repo_id: '5000000000' })).toMatchObject({
        github_repo_id: '5000000000',
      })
    })

    it('keeps an instant whatever the time zone of the session that wrote it', async () => {
      const client = await db.pool.connect()
      try {
        await client.query('BEGIN')
        await client.query(`SET LOCAL TimeZone = 'Asia/Tokyo'`)
        const { rows } = await client.query(
          `INSERT INTO logs (id, level, message, created_at)
           VALUES (id_at('2025-11-29 09:00'), 'info', 'x', '2025-11-29 09:00') RETURNING created_at`,
        )
        expect(rows[0]?.created_at).toEqual(new Date('2025-11-29T00:00:00Z'))
        await client.query('ROLLBACK')
      } finally {
        client.release()
      }
    })

    it('has no time without a zone, and none finer than a Date can hold', async () => {
      const odd = await db.query(
        `SELECT table_name, column_name, data_type, datetime_precision FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name = ANY ($1)
           AND (data_type LIKE 'timestamp%' OR data_type LIKE 'time%' OR data_type = 'date')
           AND (data_type, datetime_precision) <> ('timestamp with time zone', 3)`,
        [tables],
      )
      expect(odd).toEqual([])
    })

    it('gives default times that never lie ahead of the clock', async () => {
      const rows = await db.query<{ early: boolean }>(
        'INSERT INTO logs (level, message) SELECT $1, $2 FROM generate_series(1, 3) RETURNING created_at <= now() AS early',
        ['info', 'x'],
      )
      expect(rows).toEqual([{ early: true }, { early: true }, { early: true }])
    })

    it('pages through rows of the same instant without skipping one, by time and id', async () => {
      const user = await idOf(db, 'users')
      const plugin = await idOf(db, 'plugins')
      await db.query(
        `INSERT INTO usage_events (user_id, plugin_id, event_type) SELECT $1, $2, 'command_used' FROM generate_series(1, 25)`,
        [user, plugin],
      )
      const seen: string[] = []
      let after: readonly [Date, string] = [new Date('2999-01-01T00:00:00Z'), 'ffffffff-ffff-ffff-ffff-ffffffffffff']
      for (;;) {
        const page = await db.query<{ id: string; created_at: Date }>(
          `SELECT id, created_at FROM usage_events WHERE user_id = $1 AND plugin_id = $2 AND (created_at, id) < ($3, $4)
           ORDER BY created_at DESC, id DESC LIMIT 4`,
          [user, plugin, ...after],
        )
        const last = page.at(-1)
        if (!last) break
        seen.push(...page.map(({ id }) => id))
        after = [last.created_at, last.id]
      }
      expect(new Set(seen).size).toBe(25)
      expect(seen).toHaveLength(25)
    })

    describe('e-mail', () => {
      it('is found in any spelling, and stays as it was spelled', async () => {
        await insert(db, 'users', { email: 'Ann@Example.org' })
        expect(await db.query(`SELECT email FROM users WHERE email = 'aNN@eXAMPLE.ORG'`)).toEqual([
          { email: 'Ann@Example.org' },
        ])
        expect(await db.query('SELECT email FROM users WHERE email = $1', ['ANN@example.org'])).toHaveLength(1)
        expect(await db.query('SELECT email FROM users WHERE email = ANY ($1)', [['ANN@example.org']])).toHaveLength(1)
      })

      it('is one person in whatever spelling', async () => {
        await insert(db, 'users', { email: 'Bob@example.org' })
        await expect(insert(db, 'users', { email: 'bOB@example.org' })).rejects.toMatchObject({
          constraint: 'users_email_key',
        })
        const upserted = await db.query(
          `INSERT INTO users (email, name) VALUES ('BOB@example.org', 'Bob') ON CONFLICT (email) DO UPDATE SET name = excluded.name
           RETURNING email, name`,
        )
        expect(upserted).toEqual([{ email: 'Bob@example.org', name: 'Bob' }])
      })

      it('joins marketplace users with web users in any spelling', async () => {
        await insert(db, 'users', { email: 'Carol@example.org' })
        await insert(db, 'web_users', { email: 'carol@EXAMPLE.org' })
        expect(await db.query('SELECT FROM users JOIN web_users USING (email)')).toHaveLength(1)
      })
    })
  })
}
