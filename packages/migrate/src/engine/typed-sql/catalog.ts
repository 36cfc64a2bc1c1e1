import type pg from 'pg'
import type { DescribedField } from '../../internals/pg.js'

/** Prisma's names for the built-in types, by OID. */
const BUILT_IN: Readonly<Record<number, string>> = {
  16: 'bool',
  17: 'bytes',
  18: 'char',
  19: 'string',
  20: 'bigint',
  21: 'int',
  23: 'int',
  25: 'string',
  26: 'bigint',
  114: 'json',
  142: 'xml',
  650: 'string',
  700: 'float',
  701: 'double',
  705: 'string',
  790: 'decimal',
  869: 'string',
  1042: 'string',
  1043: 'string',
  1082: 'date',
  1083: 'time',
  1114: 'datetime',
  1184: 'datetime',
  1266: 'time',
  1560: 'string',
  1562: 'string',
  1700: 'decimal',
  2278: 'null',
  2950: 'uuid',
  3802: 'json',
}

interface TypeRow {
  readonly oid: number
  readonly typname: string
  readonly typtype: string
  readonly typcategory: string
  readonly element: number
  readonly elementName: string | null
  readonly elementType: string | null
}

/**
 * Resolves to a function that returns the name of a type by its OID, having looked up those that are not built in:
 * arrays and enums.
 */
export async function loadTypeNames(client: pg.Client, oids: readonly number[]): Promise<(oid: number) => string> {
  const unknown = [...new Set(oids)].filter((oid) => !Object.hasOwn(BUILT_IN, oid))
  const names = new Map<number, string>()
  if (unknown.length > 0) {
    const { rows } = await client.query<TypeRow>(
      `SELECT t.oid::int AS oid, t.typname, t.typtype, t.typcategory, t.typelem::int AS element,
              e.typname AS "elementName", e.typtype AS "elementType"
         FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem
        WHERE t.oid = ANY($1::oid[])`,
      [unknown],
    )
    for (const row of rows) names.set(row.oid, typeName(row))
  }
  return (oid) => BUILT_IN[oid] ?? names.get(oid) ?? 'unknown'
}

function typeName(row: TypeRow): string {
  const element = BUILT_IN[row.element]
  if (row.typcategory === 'A' && element !== undefined) return `${element}-array`
  return row.typtype === 'e' ? row.typname : 'unknown'
}

/** Resolves to a function that returns whether a column comes straight from a table's NOT NULL column. */
export async function loadNotNullColumns(
  client: pg.Client,
  fields: readonly DescribedField[],
): Promise<(field: DescribedField) => boolean> {
  const tables = [...new Set(fields.map((field) => field.tableID))].filter((table) => table !== 0)
  if (tables.length === 0) return () => false
  const { rows } = await client.query<{ table: number; column: number }>(
    `SELECT a.attrelid::int AS table, a.attnum::int AS column
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE a.attnotnull AND c.relkind IN ('r', 'p') AND a.attrelid = ANY($1::oid[])`,
    [tables],
  )
  const notNull = new Set(rows.map(({ table, column }) => `${table}.${column}`))
  return ({ tableID, columnID }) => notNull.has(`${tableID}.${columnID}`)
}
