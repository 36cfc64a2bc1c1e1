import { type Key, keyOf } from './key-of.js'
import type { DataRule, InMemoryOps } from './plan.js'
import { RESULT, type Row } from './row-readers.js'
import { Unexpected } from './unexpected.js'

/** Prisma's processing of rows after the server has sent them, by the same rules. */

/** The value of one column of each row. */
export function mapField(value: unknown, field: string): unknown {
  if (Array.isArray(value)) return value.map((item) => mapField(item, field))
  return isRow(value) ? (value[field] ?? null) : value
}

/** The only row, or null. */
export function unique(value: unknown): unknown {
  if (!Array.isArray(value)) return value
  if (value.length > 1) throw new Unexpected('more than one row')
  return value[0] ?? null
}

export function required(value: unknown): unknown {
  if (Array.isArray(value) ? value.length === 0 : value == null) throw new Unexpected('no row')
  return value
}

export function satisfies(value: unknown, { type, args }: DataRule): boolean {
  const count = Array.isArray(value) ? value.length : value === null ? 0 : 1
  return type === 'rowCountEq' ? count === args : count !== args
}

/** The results of rows that were read as results beside the columns that the plan needs. */
export function resultsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((row) => (row as Row)[RESULT])
  return isRow(value) ? value[RESULT] : null
}

/** Removes duplicates, then takes a page, of all rows or of each parent's. */
export function process(value: unknown, ops: InMemoryOps): unknown {
  if (value == null) return value
  if (Array.isArray(value)) return processMany(value as Row[], ops)
  if (!isRow(value)) throw new Unexpected('rows that are not rows')
  const { pagination } = ops
  if (pagination && ((pagination.skip !== null && pagination.skip > 0) || pagination.take === 0)) return null
  return processNested(value, ops.nested)
}

function processMany(given: Row[], { distinct, linkingFields, pagination, reverse, nested }: InMemoryOps): Row[] {
  let rows = given
  if (distinct !== null) rows = distinctBy(rows, linkingFields === null ? distinct : [...distinct, ...linkingFields])
  if (pagination) {
    const { skip, take } = pagination
    const page = (list: Row[]): Row[] => list.slice(skip ?? 0, take === null ? list.length : (skip ?? 0) + take)
    rows = linkingFields === null ? page(rows) : byParent(rows, linkingFields).flatMap(page)
  }
  if (reverse) rows.reverse()
  if (Object.keys(nested).length > 0) for (const row of rows) processNested(row, nested)
  return rows
}

function processNested(row: Row, nested: InMemoryOps['nested']): Row {
  for (const [name, ops] of Object.entries(nested)) row[name] = process(row[name], ops)
  return row
}

function distinctBy(rows: readonly Row[], fields: readonly string[]): Row[] {
  const seen = new Set<Key>()
  const key = keyOf(fields)
  return rows.filter((row) => {
    const size = seen.size
    return seen.add(key(row)).size > size
  })
}

/** Groups the rows by parent, in the order of their keys. */
function byParent(rows: readonly Row[], fields: readonly string[]): Row[][] {
  const groups = new Map<Key, Row[]>()
  const key = keyOf(fields)
  for (const row of rows) {
    const group = groups.get(key(row))
    if (group) group.push(row)
    else groups.set(key(row), [row])
  }
  return [...groups].sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)).map(([, group]) => group)
}

/** Returns rows as a list, also a single one. */
export function listOf(value: unknown): Row[] {
  const rows = Array.isArray(value) ? value : [value]
  if (!rows.every(isRow)) throw new Unexpected('a parent that is not a row')
  return rows
}

export const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null
