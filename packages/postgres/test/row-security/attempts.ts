import { declaredTable, exampleOf } from '../schema/declared.js'
import type { Table } from '../schema/rows.js'
import { access, type Kind, type Verb } from './access.js'
import { candidates, type FixtureRow, kindOf, type Person } from './people.js'

/** Who asks: a role, the ids in the settings of the transaction, and whose rows are their own. */
export interface Asker {
  readonly name: string
  /** `none` is the login itself: the migrator, who owns the tables. */
  readonly role: string
  readonly userId?: string
  readonly webUserId?: string
  readonly me?: Person
}

/** One statement to be tried, in a transaction that is rolled back. */
export interface Attempt {
  readonly table: Table
  readonly verb: Verb
  readonly sql: string
  /** The column that an insert or an update is about. */
  readonly column?: string
  /** The kind of row that an insert would make. */
  readonly kind?: Kind
  /** Whether an update gives the column a value that only an admin may. */
  readonly isForgery?: boolean
  /** What the migrator does before. */
  readonly before?: string
}

/**
 * New values of columns that people may change: none reads a column, so that no policy for SELECT stands in the way and
 * the policy for UPDATE alone decides. Columns that may be null become null.
 */
const changes: Readonly<Record<string, string>> = {
  'users.email': "email = gen_random_uuid() || '@example.org'",
  'plugins.tier': "tier = 'free'",
  'plugins.currency': "currency = 'EUR'",
  // A check wants both or none.
  'licenses.revoked': 'revoked = true, revoked_at = now()',
  'licenses.revoked_at': 'revoked = true, revoked_at = now()',
  'agent_executions.status': "status = 'running'",
}

function changeOf(table: Table, name: string): string {
  const column = declaredTable(table).columns.find((each) => each.name === name)
  if (!column) throw new Error(`prisma/schema has no column ${table}.${name}`)
  if (column.nullable) return `"${name}" = NULL`
  const value = exampleOf(column, { text: 'x', number: 1 })
  return `"${name}" = ${Array.isArray(value) ? "'{}'" : literal(value)}`
}

/** Values that only an admin gives. */
const forgeries: Readonly<Record<string, string>> = {
  'plugin_submissions.quality_score': 'quality_score = 100',
  'plugin_submissions.security_scan': "security_scan = '[]'",
  'plugin_submissions.status': "status = 'approved'",
  'plugin_submissions.review_notes': "review_notes = 'x'",
  'plugin_submissions.reviewed_at': 'reviewed_at = now()',
}

/** Purchases stand in the way of deleting a person or a plugin, whoever asks. Here it is about who. */
const withoutPurchases = ['subscriptions', 'licenses', 'trials', 'usage_events', 'usage_aggregates']
  .map((table) => `DELETE FROM ${table};`)
  .join(' ')

/** Every statement that is tried on a table as one asker. `columns` are all that the table has. */
export function attemptsOn(table: Table, columns: readonly string[], asker: Asker): Attempt[] {
  const isTrusted = asker.role === 'none' || asker.role === 'miyabi_service'
  const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')
  const { insertColumns = [] } = access[table]
  return [
    { table, verb: 'select', sql: `SELECT jsonb_agg(to_jsonb(t) ->> 'id') FROM ${table} AS t` },
    ...candidates
      .filter((row) => row.table === table)
      .map((row): Attempt => {
        const into = isTrusted ? columns : insertColumns
        return { table, verb: 'insert', kind: kindOf(row, asker.me), sql: insertion(row, quoted(into), into) }
      }),
    ...columns
      .filter((column) => !isTrusted && insertColumns.length > 0 && !insertColumns.includes(column))
      .map((column): Attempt => {
        const into = [...insertColumns, column]
        return { table, verb: 'insert', column, sql: insertion(candidateOf(table), quoted(into), into) }
      }),
    ...columns.map((column): Attempt => {
      const change = isTrusted
        ? `"${column}" = "${column}"`
        : (changes[`${table}.${column}`] ?? changeOf(table, column))
      return { table, verb: 'update', column, sql: `UPDATE ${table} SET ${change}` }
    }),
    ...(access[table].adminColumns ?? []).map(
      (column): Attempt => ({
        table,
        verb: 'update',
        column,
        isForgery: true,
        sql: `UPDATE ${table} SET ${forgeries[`${table}.${column}`]}`,
      }),
    ),
    {
      table,
      verb: 'delete',
      sql: `DELETE FROM ${table}`,
      ...(table === 'users' || table === 'plugins' ? { before: withoutPurchases } : {}),
    },
  ]
}

function candidateOf(table: Table): FixtureRow {
  const row = candidates.find((candidate) => candidate.table === table)
  if (!row) throw new Error(`people.ts has no row for ${table}`)
  return row
}

function insertion(row: FixtureRow, names: string, columns: readonly string[]): string {
  if (columns.length === 0) return `INSERT INTO ${row.table} DEFAULT VALUES`
  const values: Readonly<Record<string, unknown>> = { id: row.id, ...row.values }
  return `INSERT INTO ${row.table} (${names}) VALUES (${columns.map((column) => literal(values[column])).join(', ')})`
}

function literal(value: unknown): string {
  if (value === undefined) return 'DEFAULT'
  if (value === null) return 'NULL'
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return `'${text.replaceAll("'", "''")}'`
}
