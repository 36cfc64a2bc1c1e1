import { until } from '@miyabi/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { declared } from '../declared.js'
import { idOf, insert, type Table } from '../rows.js'
import type { OpenSchemaDatabase, SchemaDatabase } from '../schema-database.js'

const past = '2020-01-01T00:00:00.000Z'

/** Every table that has `updated_at`. */
const stamped = declared.filter(({ columns }) => columns.some(({ name }) => name === 'updated_at'))

export function triggers(open: OpenSchemaDatabase): void {
  describe('triggers', () => {
    let db: SchemaDatabase
    beforeAll(async () => {
      db = await open()
    })
    afterAll(() => db.close())

    it.each(stamped.map(({ name }) => name as Table))('%s: updated_at follows a change', async (table) => {
      const id = await idOf(db, table, { created_at: past, updated_at: past })
      const [same] = await db.query(`UPDATE ${table} SET id = id WHERE id = $1 RETURNING updated_at`, [id])
      expect(same?.['updated_at'], 'an update that changes nothing').toEqual(new Date(past))
      const [changed] = await db.query(
        `UPDATE ${table} SET created_at = created_at + interval '1 min' WHERE id = $1 RETURNING created_at, updated_at`,
        [id],
      )
      expect(changed?.['created_at']).toEqual(new Date(Date.parse(past) + 60_000))
      expect(Math.abs(Date.now() - Number(changed?.['updated_at']))).toBeLessThan(60_000)
    })

    it('set updated_at even when the statement says otherwise', async () => {
      const id = await idOf(db, 'users')
      const [row] = await db.query(
        `UPDATE users SET name = 'Ann', updated_at = $2 WHERE id = $1 RETURNING updated_at`,
        [id, past],
      )
      expect(row?.['updated_at']).not.toEqual(new Date(past))
    })

    describe('rating', () => {
      let plugin: string
      beforeEach(async () => {
        plugin = await idOf(db, 'plugins')
      })
      const rating = async (id = plugin) =>
        Number((await db.query('SELECT rating FROM plugins WHERE id = $1', [id]))[0]?.['rating'])
      const review = (stars: number, id = plugin) => idOf(db, 'plugin_reviews', { plugin_id: id, rating: stars })

      it('is the average of the reviews, in hundredths, after insert, update and delete', async () => {
        const first = await review(5)
        await review(4)
        const third = await review(4)
        expect(await rating()).toBe(4.33)
        await db.query('UPDATE plugin_reviews SET rating = 1 WHERE id = $1', [third])
        expect(await rating()).toBe(3.33)
        await db.query('DELETE FROM plugin_reviews WHERE id = $1', [first])
        expect(await rating()).toBe(2.5)
      })

      it('is 0 again when the last review goes', async () => {
        const only = await review(3)
        await db.query('DELETE FROM plugin_reviews WHERE id = $1', [only])
        expect(await rating()).toBe(0)
      })

      it('follows a review that moves to another plugin, on both sides', async () => {
        const other = await idOf(db, 'plugins')
        await review(2)
        const moved = await review(4)
        await db.query('UPDATE plugin_reviews SET plugin_id = $2 WHERE id = $1', [moved, other])
        expect([await rating(), await rating(other)]).toEqual([2, 4])
      })

      it('follows one statement that changes reviews of many plugins', async () => {
        const other = await idOf(db, 'plugins')
        await review(2)
        await review(2, other)
        await db.query('UPDATE plugin_reviews SET rating = 5 WHERE plugin_id = ANY ($1)', [[plugin, other]])
        expect([await rating(), await rating(other)]).toEqual([5, 5])
      })

      it('follows the reviews of a person who is removed', async () => {
        const person = await idOf(db, 'users')
        await insert(db, 'plugin_reviews', { plugin_id: plugin, user_id: person, rating: 1 })
        await review(5)
        await db.query('DELETE FROM users WHERE id = $1', [person])
        expect(await rating()).toBe(5)
      })

      it('counts a review that another transaction had not committed when this one began to look', async () => {
        const [ann, bob] = await Promise.all([idOf(db, 'users'), idOf(db, 'users')])
        const [first, second] = await Promise.all([db.pool.connect(), db.pool.connect()])
        const text = 'INSERT INTO plugin_reviews (plugin_id, user_id, rating) VALUES ($1, $2, $3)'
        try {
          const [backend] = (await second.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows
          await first.query('BEGIN')
          await first.query(text, [plugin, ann, 5])
          const waiting = second.query(text, [plugin, bob, 2])
          await until(async () => {
            const [row] = await db.query('SELECT cardinality(pg_blocking_pids($1)) AS blockers', [backend?.pid])
            return row?.['blockers'] === 1
          })
          await first.query('COMMIT')
          await waiting
        } finally {
          first.release()
          second.release()
        }
        expect(await rating()).toBe(3.5)
      })

      it('misses no review when 40 arrive at once', async () => {
        const people = await Promise.all(Array.from({ length: 40 }, () => idOf(db, 'users')))
        await Promise.all(
          people.map((user, i) =>
            db.query('INSERT INTO plugin_reviews (plugin_id, user_id, rating) VALUES ($1, $2, $3)', [
              plugin,
              user,
              (i % 5) + 1,
            ]),
          ),
        )
        expect(await rating()).toBe(3)
      })

      it('does not stand in the way of removing the plugin', async () => {
        await review(3)
        await db.query('DELETE FROM plugins WHERE id = $1', [plugin])
        expect(await db.query('SELECT FROM plugin_reviews WHERE plugin_id = $1', [plugin])).toEqual([])
      })
    })
  })
}
