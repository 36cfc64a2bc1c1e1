import { databaseRoles, MiyabiError, redactText } from '@miyabi/core'
import type pg from 'pg'
import { withClient } from '../connection/client.js'
import { toConnectError } from '../connection/connect-error.js'
import { type DatabaseLocation, targetOf } from '../connection/target.js'
import { StatisticsError } from './errors.js'
import { readRecorded } from './recorded.js'

/** How long the server may plan, and wait for a lock, in milliseconds. */
const LIMIT_MS = 1000

export interface ExplainOptions {
  /** An operator's database: that of the migrator. */
  readonly database: DatabaseLocation
  /** One statement with `$1`, `$2` for its values, or the id of one from `slowStatements`. */
  readonly statement: string
  /** The role it is planned as. Default: the role that ran the statement of the id, otherwise the service. */
  readonly role?: string
  readonly signal?: AbortSignal
}

/** How a server would run a statement, whatever its values. */
export interface Plan {
  readonly role: string
  readonly sql: string
  /** As EXPLAIN writes it. */
  readonly lines: readonly string[]
}

/**
 * Returns the generic plan of a statement, which does not depend on values, without running it: never with ANALYZE,
 * within a second, in a read-only transaction that is rolled back.
 *
 * The planner does run what it evaluates in advance: functions that are declared IMMUTABLE, and STABLE ones for its
 * estimates. They run as `role`, can write nothing, and are ended after the second.
 *
 * @throws {StatisticsError} `migrate.plan_refused` for a text that is not one SELECT, INSERT, UPDATE, DELETE or MERGE,
 * or has no plan in time; `migrate.statement_unknown`, `migrate.statistics_missing`, `migrate.statistics_denied` for an
 * id
 */
export async function explainStatement(options: ExplainOptions): Promise<Plan> {
  const { signal } = options
  const target = targetOf(options.database)
  const recorded = /^[\da-f]{16}$/.test(options.statement)
    ? await find(options.statement, () => readRecorded(target, signal))
    : { sql: options.statement, role: undefined }
  const { sql } = recorded
  const role = options.role ?? recorded.role ?? databaseRoles.service
  if (sql.includes('\0')) throw refused('a NUL character', undefined)
  try {
    const lines = await withClient(
      { ...target.config, statement_timeout: LIMIT_MS, lock_timeout: LIMIT_MS },
      (client) => planOf(client, sql, role),
      signal,
    )
    return { role, sql, lines }
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof MiyabiError ? error : toConnectError(error, target)
  }
}

async function find(
  id: string,
  read: () => ReturnType<typeof readRecorded>,
): Promise<{ readonly sql: string; readonly role: string | undefined }> {
  const { statements } = await read()
  const found = statements.find((statement) => statement.id === id)
  if (found) return found
  throw new StatisticsError('migrate.statement_unknown', `pg_stat_statements has no statement ${id}`, {
    details: { id },
    remedy: 'run `pnpm db:slow --all` to list the recorded statements; rare ones are evicted when it is full',
  })
}

async function planOf(client: pg.Client, sql: string, role: string): Promise<string[]> {
  await client.query('BEGIN TRANSACTION READ ONLY')
  try {
    await client.query("SELECT set_config('plan_cache_mode', 'force_generic_plan', true)")
    await client.query("SELECT set_config('role', $1, true)", [role])
    // The server's own parser ensures that the text is one statement, and one that can be prepared: neither EXPLAIN nor
    // EXECUTE nor DO. None of it runs here. Only then may the text follow EXPLAIN, whose protocol accepts several
    // statements.
    await client.query(inExtendedProtocol(`PREPARE miyabi_plan AS ${sql}`))
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(await explain(client, sql))
    return rows.map((row) => row['QUERY PLAN'])
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string }
    if (code === undefined) throw error // the connection
    throw refused(code === '57014' ? `no plan within ${LIMIT_MS} ms` : redactText(message), code)
  } finally {
    await client.query('ROLLBACK').catch(() => {})
  }
}

/** GENERIC_PLAN was added in 16. Before that, a plan that does not depend on values is that of a prepared statement. */
async function explain(client: pg.Client, sql: string): Promise<string> {
  const { rows } = await client.query<{ version: number; parameters: number }>(
    `SELECT current_setting('server_version_num')::int AS version, cardinality(parameter_types) AS parameters
     FROM pg_prepared_statements WHERE name = 'miyabi_plan'`,
  )
  const { version = 0, parameters = 0 } = rows[0] ?? {}
  if (version >= 160_000) return `EXPLAIN (GENERIC_PLAN) ${sql}`
  return `EXPLAIN EXECUTE miyabi_plan${parameters === 0 ? '' : `(${Array(parameters).fill('NULL').join(', ')})`}`
}

/** The protocol in which a text is one statement; the driver's types do not include it. */
const inExtendedProtocol = (text: string): pg.QueryConfig => ({ text, queryMode: 'extended' }) as pg.QueryConfig

function refused(problem: string, sqlstate: string | undefined): StatisticsError {
  return new StatisticsError('migrate.plan_refused', `The server creates no plan for this text: ${problem}`, {
    details: { sqlstate },
    remedy:
      sqlstate === '42501'
        ? 'pass --role with a role that may do this, and that the login may assume'
        : 'pass one SELECT, INSERT, UPDATE, DELETE or MERGE, with $1::type if the server cannot infer the type of a value ($1::interval for interval $1)',
  })
}
