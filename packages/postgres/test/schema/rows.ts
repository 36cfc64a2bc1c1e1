import { type TableName, tableNames } from '../../src/schema/tables.generated.js'
import { type MachineryTable, machinery } from '../row-security/machinery.js'
import { declaredTable, exampleOf, parentOf, requiredColumns } from './declared.js'
import type { SchemaDatabase } from './schema-database.js'

export type Row = Record<string, unknown>

/** A table of the domain: of the product's own machinery nobody has a client. */
export type Table = Exclude<TableName, MachineryTable>

let serial = 0
const unique = (prefix: string): string => `${prefix}-${++serial}`

/**
 * Values that a check asks for, or that read better than what is made up from the Prisma schema; parents are inserted
 * as needed.
 */
const special: Readonly<Partial<Record<Table, (db: SchemaDatabase) => Promise<Row>>>> = {
  users: async () => ({ email: `${unique('user')}@example.org` }),
  plugins: async () => ({
    id: unique('plugin'),
    name: 'plugin',
    display_name: 'Plugin',
    source: 'github:miyabi/plugin',
    version: '1.0.0',
    tier: 'pro',
  }),
  plugin_reviews: async () => ({ rating: 4 }),
  subscriptions: async () => ({ tier: 'pro', status: 'active' }),
  licenses: async () => ({ tier: 'pro' }),
  usage_aggregates: async () => ({ period: '2025-11' }),
  workflows: async (db) => ({ ...(await repositoryAndOwner(db)), definition: { nodes: [], edges: [] } }),
  agent_executions: async (db) => ({ ...(await repositoryAndOwner(db)), agent_type: 'CodeGen' }),
}

/** All of them. */
export const tables: readonly Table[] = tableNames.filter((name): name is Table => !(name in machinery))

/** A row of only those columns that have no default and may not be null, which the table accepts. */
export async function rowFor(db: SchemaDatabase, name: Table): Promise<Row> {
  const row: Row = { ...(await special[name]?.(db)) }
  const table = declaredTable(name)
  for (const column of requiredColumns(table)) {
    if (column.name in row) continue
    const parent = parentOf(table, column)
    row[column.name] = parent
      ? await idOf(db, parent)
      : exampleOf(column, { text: unique(column.name), number: ++serial })
  }
  return row
}

/** Inserts a row by plain SQL and answers it as stored. `changes` are laid over the row of required columns. */
export async function insert(db: SchemaDatabase, table: Table, changes: Row = {}): Promise<Row> {
  const row: Row = { ...(await rowFor(db, table)), ...changes }
  const columns = Object.keys(row)
  const [stored] = await db.query<Row>(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((_, i) => `$${i + 1}`).join(', ')}) RETURNING *`,
    Object.values(row),
  )
  if (!stored) throw new Error(`${table} answered no row`)
  return stored
}

/** Inserts a row and answers its id. */
export async function idOf(db: SchemaDatabase, table: Table, changes: Row = {}): Promise<string> {
  return String((await insert(db, table, changes))['id'])
}

async function repositoryAndOwner(db: SchemaDatabase): Promise<{ user_id: string; repository_id: string }> {
  const repository = await insert(db, 'repositories')
  return { user_id: String(repository['user_id']), repository_id: String(repository['id']) }
}
