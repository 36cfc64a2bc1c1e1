import type { ColumnDef } from '@pgsql/types'
import pg from 'pg'
import type { Schema } from '../schema/facts.js'
import { qualifiedName, relationName, textsOf } from '../sql/names.js'
import type { Statement } from '../sql/parse.js'
import { asKind } from '../sql/walk.js'
import { foreignKeys } from './open-tables.js'
import { sqlName } from './roles.js'

const HEADER =
  '-- Rows for `pnpm db:migrate verify`, which inserts them after migration.sql, never into a database in use.'

/** A value of each type that Prisma creates columns of. */
const VALUES: Readonly<Record<string, string>> = {
  uuid: "'00000000-0000-7000-8000-0000000000aa'",
  bool: 'true',
  json: "'{}'",
  jsonb: "'{}'",
  date: "'2026-01-01'",
  timestamp: "'2026-01-01 12:00'",
  timestamptz: "'2026-01-01 12:00Z'",
  time: "'12:00'",
  timetz: "'12:00Z'",
  bytea: "'\\x00'",
  inet: "'127.0.0.1'",
  bit: "'1'",
  varbit: "'1'",
  xml: "'<a/>'",
}

const NUMBERS = ['int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'money', 'oid']

/**
 * A row for each table that a script creates and a value for each column that it adds, as `rows.sql`; undefined if it
 * does neither.
 */
export function rowsFor(up: readonly Statement[], schema: Schema): string | undefined {
  const keys = foreignKeys(up)
  const labels = new Map(
    up.flatMap(({ node }) => {
      const made = asKind(node, 'CreateEnumStmt')
      return made ? [[qualifiedName(textsOf(made.typeName)), textsOf(made.vals)[0] ?? ''] as const] : []
    }),
  )
  const labelOf = (type: string): string | undefined => labels.get(type) ?? schema.types.get(type)?.labels?.[0]
  const exampleOf = (table: string, column: ColumnDef, isFirst: boolean): string => {
    const key = keys.find((each) => each.table === table && each.column === column.colname)
    if (!key) return exampleFor(column, labelOf)
    // The first row of a table has no row of its table to refer to.
    return isFirst && key.target === table
      ? 'NULL'
      : `(SELECT ${pg.escapeIdentifier(key.to)} FROM ${sqlName(key.target)} LIMIT 1)`
  }
  const statements = [
    ...inOrder(tablesMade(up), keys).map(({ table, columns }) => {
      const own = columns.filter((column) => !isFilled(column))
      const names = own.map(({ colname = '' }) => pg.escapeIdentifier(colname)).join(', ')
      const values = own.map((column) => exampleOf(table, column, true)).join(', ')
      return own.length === 0
        ? `INSERT INTO ${sqlName(table)} DEFAULT VALUES;`
        : `INSERT INTO ${sqlName(table)} (${names})\nVALUES (${values});`
    }),
    ...keys
      .filter(({ table, target }) => table === target && !schema.tables.has(table))
      .map(({ table, column, to }) => {
        const name = sqlName(table)
        return `UPDATE ${name} SET ${pg.escapeIdentifier(column)} = ${pg.escapeIdentifier(to)};`
      }),
    ...columnsAdded(up, schema).map(({ table, column }) => {
      const set = `${pg.escapeIdentifier(column.colname ?? '')} = ${exampleOf(table, column, false)}`
      return `UPDATE ${sqlName(table)} SET ${set} WHERE ctid = (SELECT min(ctid) FROM ${sqlName(table)});`
    }),
  ]
  return statements.length === 0 ? undefined : `${HEADER}\n${statements.join('\n')}\n`
}

/**
 * A value that a column accepts, as SQL.
 * @param labelOf the first value of an enum, by its name.
 */
export function exampleFor({ typeName }: ColumnDef, labelOf: (type: string) => string | undefined): string {
  if (typeName?.arrayBounds) return "'{}'"
  const names = textsOf(typeName?.names)
  const label = labelOf(qualifiedName(names))
  if (label !== undefined) return pg.escapeLiteral(label)
  const name = names.at(-1) ?? ''
  return VALUES[name] ?? (NUMBERS.includes(name) ? '1' : "'a'")
}

interface Made {
  readonly table: string
  readonly columns: readonly ColumnDef[]
}

const tablesMade = (up: readonly Statement[]): Made[] =>
  up.flatMap(({ node }) => {
    const create = asKind(node, 'CreateStmt')
    if (!create || create.partbound) return []
    return {
      table: relationName(create.relation),
      columns: (create.tableElts ?? []).flatMap((each) => asKind(each, 'ColumnDef') ?? []),
    }
  })

/** Each after those that its foreign keys point to, as far as there is such an order. */
function inOrder(tables: readonly Made[], keys: ReturnType<typeof foreignKeys>): Made[] {
  const ordered: Made[] = []
  const left = [...tables]
  while (left.length > 0) {
    const waits = ({ table }: Made): boolean =>
      keys.some((key) => key.table === table && key.target !== table && left.some((each) => each.table === key.target))
    const index = Math.max(
      0,
      left.findIndex((each) => !waits(each)),
    )
    ordered.push(...left.splice(index, 1))
  }
  return ordered
}

/** Columns that are added to an existing table, and that nothing fills. */
const columnsAdded = (up: readonly Statement[], schema: Schema): { table: string; column: ColumnDef }[] =>
  up.flatMap(({ node }) => {
    const alter = asKind(node, 'AlterTableStmt')
    const table = relationName(alter?.relation)
    if (!schema.tables.has(table)) return []
    return (alter?.cmds ?? []).flatMap((each) => {
      const command = asKind(each, 'AlterTableCmd')
      const column = asKind(command?.def, 'ColumnDef')
      return command?.subtype === 'AT_AddColumn' && column && !isFilled(column) ? [{ table, column }] : []
    })
  })

/** Whether a column gets a value automatically. */
export const isFilled = ({ constraints = [], typeName }: ColumnDef): boolean =>
  /serial/.test(textsOf(typeName?.names).at(-1) ?? '') ||
  constraints.some((each) =>
    ['CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED'].includes(asKind(each, 'Constraint')?.contype ?? ''),
  )
