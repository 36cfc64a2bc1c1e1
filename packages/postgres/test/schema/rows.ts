import type { SchemaDatabase } from './schema-database.js'

export type Row = Record<string, unknown>

export type Table =
  | 'users'
  | 'plugins'
  | 'plugin_submissions'
  | 'plugin_reviews'
  | 'subscriptions'
  | 'licenses'
  | 'trials'
  | 'revoked_licenses'
  | 'usage_events'
  | 'usage_aggregates'
  | 'web_users'
  | 'repositories'
  | 'workflows'
  | 'line_messages'
  | 'websocket_connections'
  | 'agent_executions'
  | 'execution_logs'
  | 'logs'

let serial = 0
const unique = (prefix: string): string => `${prefix}-${++serial}`

/**
 * For each table a row of only those columns that have no default and may not be null; parents are inserted as needed.
 */
const required: Readonly<Record<Table, (db: SchemaDatabase) => Promise<Row>>> = {
  users: async () => ({ email: `${unique('user')}@example.org` }),
  plugins: async () => ({
    id: unique('plugin'),
    name: 'plugin',
    display_name: 'Plugin',
    source: 'github:miyabi/plugin',
    version: '1.0.0',
    tier: 'pro',
  }),
  plugin_submissions: async (db: SchemaDatabase) => ({ user_id: await idOf(db, 'users'), plugin_data: {} }),
  plugin_reviews: async (db: SchemaDatabase) => ({ ...(await userAndPlugin(db)), rating: 4 }),
  subscriptions: async (db: SchemaDatabase) => ({
    ...(await userAndPlugin(db)),
    tier: 'pro',
    license_key: unique('key'),
    status: 'active',
  }),
  licenses: async (db: SchemaDatabase) => ({ ...(await userAndPlugin(db)), license_key: unique('key'), tier: 'pro' }),
  trials: async (db: SchemaDatabase) => ({
    ...(await userAndPlugin(db)),
    license_key: unique('key'),
    expires_at: '2999-01-01T00:00:00Z',
  }),
  revoked_licenses: async () => ({ license_key: unique('key') }),
  usage_events: async (db: SchemaDatabase) => ({ ...(await userAndPlugin(db)), event_type: 'command_used' }),
  usage_aggregates: async (db: SchemaDatabase) => ({ ...(await userAndPlugin(db)), period: '2025-11' }),
  web_users: async () => ({ github_id: ++serial, github_username: unique('octocat') }),
  repositories: async (db: SchemaDatabase) => ({
    user_id: await idOf(db, 'web_users'),
    github_repo_id: ++serial,
    owner: 'octocat',
    name: 'hello',
    full_name: 'octocat/hello',
  }),
  workflows: async (db: SchemaDatabase) => ({
    ...(await repositoryAndOwner(db)),
    name: 'Release',
    definition: { nodes: [], edges: [] },
  }),
  line_messages: async () => ({ line_user_id: unique('line'), message_type: 'text' }),
  websocket_connections: async (db: SchemaDatabase) => ({
    user_id: await idOf(db, 'web_users'),
    connection_id: unique('connection'),
  }),
  agent_executions: async (db: SchemaDatabase) => ({ ...(await repositoryAndOwner(db)), agent_type: 'CodeGen' }),
  execution_logs: async (db: SchemaDatabase) => ({
    execution_id: await idOf(db, 'agent_executions'),
    log_level: 'INFO',
    message: 'Started',
  }),
  logs: async () => ({ level: 'info', message: 'Started' }),
}

/** All tables. */
export const tables = Object.keys(required) as Table[]

/** A row that the table accepts, before it is inserted. */
export const rowFor = (db: SchemaDatabase, table: Table): Promise<Row> => required[table](db)

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

async function userAndPlugin(db: SchemaDatabase): Promise<{ user_id: string; plugin_id: string }> {
  return { user_id: await idOf(db, 'users'), plugin_id: await idOf(db, 'plugins') }
}

async function repositoryAndOwner(db: SchemaDatabase): Promise<{ user_id: string; repository_id: string }> {
  const repository = await insert(db, 'repositories')
  return { user_id: String(repository['user_id']), repository_id: String(repository['id']) }
}
