import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPrismaSchema } from '../../../../scripts/docs/prisma-schema.js'
import { type Place, places } from './places.js'

const tables = readPrismaSchema(path.resolve(import.meta.dirname, '../../../../prisma/schema')).flatMap(
  (domain) => domain.tables,
)
const answers = new Map(Object.entries<Place>(places))

/** Columns that a place has an answer for; undefined where the rows go as a whole. */
const answered = (place: Place): readonly string[] | undefined => {
  if (place.action === 'delete') return undefined
  return place.action === 'keep' ? place.columns : [...Object.keys(place.set), ...Object.keys(place.kept)]
}

describe('what becomes of personal data', () => {
  it('is said of every table of the Prisma schema, and of no other', () => {
    expect([...answers.keys()].sort()).toEqual(tables.map(({ name }) => name).sort())
  })

  it.each(tables.map((table) => [table.name, table] as const))('is said of every column of %s', (name, { columns }) => {
    const place = answers.get(name)
    const known = place && answered(place)
    if (known) expect([...known].sort()).toEqual(columns.map((column) => column.name).sort())
  })

  it('follows every foreign key to a row that goes', () => {
    const missed = tables.flatMap(({ name, references }) =>
      references.flatMap(({ column, table }) => {
        const parent = answers.get(table)
        if (parent?.action !== 'delete') return []
        return (['user', 'webUser'] as const).flatMap((kind) => {
          if (parent[kind] === undefined) return []
          const place = answers.get(name)
          const where = place && place.action !== 'keep' ? place[kind] : undefined
          return new RegExp(`\\b${column}\\b`).test(where ?? '') ? [] : [`${name}.${column} (${kind})`]
        })
      }),
    )
    expect(missed).toEqual([])
  })
})
