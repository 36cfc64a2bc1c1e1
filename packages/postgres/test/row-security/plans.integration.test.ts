import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ada, alice, wanda } from './people.js'
import { openSecured, type SecuredDatabase } from './secured-database.js'

/** Rows of strangers in each table that may grow long. */
const STRANGERS = process.env['MIYABI_TEST_LONG'] ? 1_000_000 : 50_000
const OWN = 20

/** What a plan did, out of EXPLAIN (ANALYZE, FORMAT JSON). */
interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Schema?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

/** How many rows of a table were looked at, whether they were kept or not. */
function rowsRead(node: PlanNode, table: string): number {
  const own =
    node['Relation Name'] === table || (node.Schema === 'parts' && node['Relation Name']?.startsWith(`${table}_`))
      ? (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
      : 0
  return (node.Plans ?? []).reduce((sum, child) => sum + rowsRead(child, table), own)
}

describe(`a table of ${STRANGERS} rows`, { timeout: 600_000 }, () => {
  let db: SecuredDatabase
  beforeAll(async () => {
    db = await openSecured()
    // Many strangers with a few rows each, and our people with theirs.
    await db.query(`
      INSERT INTO users (id, email) SELECT md5(i::text)::uuid, i || '@example.org' FROM generate_series(1, ${STRANGERS / 50}) AS i;
      INSERT INTO usage_events (user_id, plugin_id, event_type)
        SELECT md5((1 + i % ${STRANGERS / 50})::text)::uuid, 'catalog', 'command_used' FROM generate_series(1, ${STRANGERS}) AS i;
      INSERT INTO usage_events (user_id, plugin_id, event_type)
        SELECT '${alice.id}', 'catalog', 'command_used' FROM generate_series(1, ${OWN - 1});
      INSERT INTO web_users (id, github_id, github_username)
        SELECT md5(i::text)::uuid, 1000 + i, 'stranger' FROM generate_series(1, ${STRANGERS / 50}) AS i;
      INSERT INTO repositories (id, user_id, github_repo_id, owner, name, full_name)
        SELECT id, id, 1000 + github_id, 'o', 'n', 'o/n' FROM web_users WHERE github_username = 'stranger';
      INSERT INTO agent_executions (id, user_id, repository_id, agent_type)
        SELECT id, id, id, 'CodeGen' FROM repositories WHERE owner = 'o';
      INSERT INTO execution_logs (execution_id, log_level, message)
        SELECT md5((1 + i % ${STRANGERS / 50})::text)::uuid, 'INFO', 'x' FROM generate_series(1, ${STRANGERS}) AS i;
      INSERT INTO execution_logs (execution_id, log_level, message)
        SELECT id, 'INFO', 'x' FROM agent_executions, generate_series(1, ${OWN - 1}) WHERE user_id = '${wanda.id}';
      INSERT INTO workflows (user_id, repository_id, name, definition)
        SELECT md5((1 + i % ${STRANGERS / 50})::text)::uuid, md5((1 + i % ${STRANGERS / 50})::text)::uuid, 'n', '{}'
          FROM generate_series(1, ${STRANGERS}) AS i;
      INSERT INTO logs (level, message) SELECT 'info', 'x' FROM generate_series(1, ${STRANGERS});`)
    for (const table of ['users', 'usage_events', 'agent_executions', 'execution_logs', 'workflows', 'logs']) {
      await db.query(`ANALYZE ${table}`)
    }
  }, 600_000)
  afterAll(() => db.close())

  /** Runs a query as somebody, in a transaction that is rolled back. */
  const readAs = async (role: string, setting: string, id: string, table: string, sql: string) => {
    await db.query('BEGIN')
    try {
      await db.query(`SELECT set_config('${setting}', $1, true), set_config('role', $2, true)`, [id, role])
      const [row] = await db.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
        `EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) ${sql}`,
      )
      if (!row) throw new Error('EXPLAIN answered nothing')
      return rowsRead(row['QUERY PLAN'][0].Plan, table)
    } finally {
      await db.query('ROLLBACK')
    }
  }
  const asUser = (id: string, table: string, sql = `SELECT * FROM ${table}`) =>
    readAs('miyabi_user', 'miyabi.user_id', id, table, sql)
  const asWebUser = (table: string, sql = `SELECT * FROM ${table}`) =>
    readAs('miyabi_web_user', 'miyabi.web_user_id', wanda.id, table, sql)

  it("is read only where the rows are the person's own, although an admin would see them all", async () => {
    expect(await asUser(alice.id, 'usage_events')).toBe(OWN)
    expect(await asUser(alice.id, 'users')).toBe(1)
    expect(await asUser(ada.id, 'usage_events')).toBeGreaterThan(STRANGERS)
  })

  it('is read so also where the person asks for no order, for a page, or for a sum', async () => {
    expect(await asUser(alice.id, 'usage_events', 'SELECT count(*) FROM usage_events')).toBe(OWN)
    const page = 'SELECT * FROM usage_events ORDER BY created_at DESC LIMIT 5'
    expect(await asUser(alice.id, 'usage_events', page)).toBeLessThanOrEqual(OWN)
  })

  it('is read so where the rows belong to a person through another table', async () => {
    expect(await asWebUser('execution_logs')).toBe(OWN)
    expect(await asWebUser('agent_executions')).toBe(1)
  })

  it('is read so where rows of others are public', async () => {
    // Wanda has two, one of them public; Walt's public one is the third.
    expect(await asWebUser('workflows')).toBeLessThanOrEqual(4)
  })

  it('is not read at all for an id that nobody has, or where only admins have anything to read', async () => {
    expect(await asUser(alice.id, 'logs')).toBe(0)
    expect(await asUser(ada.id, 'logs')).toBeGreaterThan(STRANGERS)
    expect(await asUser('00000000-0000-4000-8000-000000000000', 'usage_events')).toBe(0)
  })
})
