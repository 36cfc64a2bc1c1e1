import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OpenSchemaDatabase, SchemaDatabase } from '../schema-database.js'

export function ids(open: OpenSchemaDatabase): void {
  describe('time_ordered_id', () => {
    let db: SchemaDatabase
    beforeAll(async () => {
      db = await open()
    })
    afterAll(() => db.close())

    it('holds the time, the version and the variant where RFC 9562 wants them', async () => {
      const before = Date.now()
      const [row] = await db.query<{ id: string }>('SELECT time_ordered_id() AS id')
      const hex = String(row?.id).replaceAll('-', '')
      const milliseconds = Number.parseInt(hex.slice(0, 12), 16)
      expect(Math.abs(milliseconds - before)).toBeLessThan(60_000)
      expect(hex[12]).toBe('7')
      expect('89ab').toContain(hex[16])
    })

    it('comes out in order within a session, many to the millisecond', async () => {
      const rows = await db.query<{ id: string }>(
        'SELECT id::text FROM (SELECT n, time_ordered_id() AS id FROM generate_series(1, 20000) n OFFSET 0) t ORDER BY n',
      )
      const made = rows.map(({ id }) => id)
      expect(new Set(made).size).toBe(made.length)
      expect(made).toEqual([...made].sort())
    })

    it('is unique over sessions that make ids at once', async () => {
      const batches = await Promise.all(
        Array.from({ length: 10 }, () =>
          db.query<{ id: string }>('SELECT time_ordered_id() AS id FROM generate_series(1, 5000)'),
        ),
      )
      expect(new Set(batches.flat().map(({ id }) => id)).size).toBe(50_000)
    })
  })
}
