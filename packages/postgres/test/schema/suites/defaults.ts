import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Column } from '../../../../../scripts/docs/prisma-schema.js'
import { declared } from '../declared.js'
import { insert, type Table, tables } from '../rows.js'
import type { OpenSchemaDatabase, SchemaDatabase } from '../schema-database.js'

/** What the database itself fills in, beside ids and times, as the Prisma schema declares it. */
const defaults = declared.flatMap(({ name, columns }) => {
  const filled = columns.filter((column) => column.default !== undefined && !column.default.endsWith('()'))
  return filled.length === 0 ? [] : [[name as Table, Object.fromEntries(filled.map(filledIn))] as const]
})

/** A default as node-postgres gives it. */
function filledIn({ name, type, default: declaredAs = '' }: Column): [string, unknown] {
  const text = declaredAs.replace(/^'(.*)'$/, '$1')
  const [, scale] = /^numeric\(\d+,\s*(\d+)\)$/.exec(type) ?? []
  if (scale !== undefined) return [name, Number(text).toFixed(Number(scale))]
  return [name, ['text', 'citext', 'bigint'].includes(type) ? text : JSON.parse(text)]
}

const uuidVersion7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

export function defaultValues(open: OpenSchemaDatabase): void {
  describe('defaults', () => {
    let db: SchemaDatabase
    beforeAll(async () => {
      db = await open()
    })
    afterAll(() => db.close())

    it.each(tables)('%s: a plain insert needs no id and no time', async (table) => {
      const row = await insert(db, table)
      if (table === 'plugins') expect(row['id']).toMatch(/^plugin-/)
      else expect(row['id']).toMatch(uuidVersion7)
      for (const column of ['created_at', 'updated_at', 'issued_at', 'submitted_at', 'connected_at', 'last_ping_at']) {
        if (column in row) expect(Math.abs(Date.now() - Number(row[column])), column).toBeLessThan(60_000)
      }
    })

    it.each(defaults)('%s: the rest is filled in', async (table, expected) => {
      expect(await insert(db, table)).toMatchObject(expected)
    })

    it('leaves nothing else to a default', async () => {
      const found = await db.query<{ column: string }>(
        `SELECT table_name || '.' || column_name AS column FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name = ANY ($1) AND column_default IS NOT NULL
           AND column_default NOT IN ('current_instant()', 'time_ordered_id()')`,
        [tables],
      )
      const expected = defaults.flatMap(([table, row]) => Object.keys(row).map((name) => `${table}.${name}`))
      expect(found.map(({ column }) => column).sort()).toEqual(expected.sort())
    })
  })
}
