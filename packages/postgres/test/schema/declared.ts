import path from 'node:path'
import { type Column, readPrismaSchema, type Table } from '../../../../scripts/docs/prisma-schema.js'
import { stateValues } from '../../../../scripts/docs/state-values.js'
import type { Table as TableName } from './rows.js'

const folder = path.resolve(import.meta.dirname, '../../../../prisma/schema')

/** All tables as the Prisma schema declares them, those of the product's own machinery too. */
export const everyTable: readonly Table[] = readPrismaSchema(folder).flatMap(({ tables }) => tables)

/** Those of the domain: what the suites go through, so that a new one is tried by itself. */
export const declared: readonly Table[] = everyTable.filter(({ isIgnored }) => !isIgnored)

/** One of them. */
export function declaredTable(name: string): Table {
  const table = declared.find((each) => each.name === name)
  if (!table) throw new Error(`prisma/schema has no table ${name}`)
  return table
}

const unions = stateValues()

/** The values that a column may hold, where domain.ts lists them. */
export const statesOf = ({ typedAs = '' }: Column): readonly string[] | undefined => unions.get(typedAs)

/** A value for a column that refers to no other table; `tag` tells one of a text or a number from the next. */
export function exampleOf(column: Column, tag: { readonly text: string; readonly number: number }): unknown {
  const [state] = statesOf(column) ?? []
  if (state !== undefined) return state
  if (column.type.endsWith('[]')) return []
  const [type = ''] = column.type.split('(')
  if (type === 'boolean') return true
  if (type === 'jsonb') return {}
  if (type === 'uuid') return `00000000-0000-7000-8000-${String(tag.number).padStart(12, '0')}`
  if (type === 'date') return '2999-01-01'
  if (type.startsWith('timestamp')) return '2999-01-01T00:00:00Z'
  if (type === 'citext') return `${tag.text.replaceAll(' ', '-')}@example.org`
  return ['text', 'varchar', 'char'].includes(type) ? tag.text : tag.number
}

/** Columns of which a plain insert must give a value. */
export const requiredColumns = ({ columns }: Table): readonly Column[] =>
  columns.filter((column) => !column.nullable && column.default === undefined)

/** The table that a column refers to. */
export const parentOf = ({ references }: Table, column: Column): TableName | undefined =>
  references.find((reference) => reference.column === column.name)?.table as TableName | undefined
