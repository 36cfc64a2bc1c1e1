import { MiyabiError } from '@miyabi/core'
import type pg from 'pg'
import { withClient } from '../connection/client.js'
import { toConnectError } from '../connection/connect-error.js'
import { PATIENCE } from '../connection/patience.js'
import { type Target, withDatabase } from '../connection/target.js'
import { StatisticsError } from './errors.js'

/** What pg_stat_statements recorded of one statement of one role. */
export interface RecordedStatement {
  /** pg_stat_statements' `queryid` as 16 hexadecimal digits. */
  readonly id: string
  /** The role that ran it; none if it was dropped. */
  readonly role: string | undefined
  /** The server's own text; utility statements may contain values. */
  readonly sql: string
  readonly calls: number
  readonly totalMs: number
  readonly maxMs: number
  readonly rows: number
}

/** What the server has recorded for one database. */
export interface Recorded {
  /** Since when; unset if the server does not know. */
  readonly since: Date | undefined
  readonly statements: readonly RecordedStatement[]
}

/** Where the extension is searched for after the database itself: it records the statements of all databases. */
const MAINTENANCE_DATABASE = 'postgres'

/**
 * Reads all statements that were recorded for a database, costliest first.
 * @throws {StatisticsError} `migrate.statistics_missing`, `migrate.statistics_denied`
 */
export async function readRecorded(target: Target, signal: AbortSignal | undefined): Promise<Recorded> {
  const { database } = target
  const own = await recordedIn(target, database, signal)
  if (own) return own
  const elsewhere =
    database === MAINTENANCE_DATABASE
      ? undefined
      : await recordedIn(withDatabase(target, MAINTENANCE_DATABASE), database, signal).catch((error: unknown) => {
          signal?.throwIfAborted()
          if (error instanceof StatisticsError) throw error
          return undefined // no other login needs access there
        })
  if (elsewhere) return elsewhere
  throw missing(database, 'has no extension pg_stat_statements')
}

async function recordedIn(
  target: Target,
  database: string,
  signal: AbortSignal | undefined,
): Promise<Recorded | undefined> {
  try {
    return await withClient({ ...target.config, ...PATIENCE }, (client) => read(client, target, database), signal)
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof MiyabiError ? error : toConnectError(error, target)
  }
}

const EXTENSION = `
  SELECT quote_ident(n.nspname) AS schema, pg_has_role('pg_read_all_stats', 'USAGE') AS "maySeeAll"
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'pg_stat_statements'`

const statements = (schema: string): string => `
  SELECT lpad(to_hex(s.queryid), 16, '0') AS id, r.rolname AS role, s.query AS sql, s.calls::float8 AS calls,
         s.total_exec_time AS "totalMs", s.max_exec_time AS "maxMs", s.rows::float8 AS rows
  FROM ${schema}.pg_stat_statements s
  JOIN pg_database d ON d.oid = s.dbid AND d.datname = $1
  LEFT JOIN pg_roles r ON r.oid = s.userid
  WHERE s.queryid IS NOT NULL
  ORDER BY s.total_exec_time DESC`

async function read(client: pg.Client, { user }: Target, database: string): Promise<Recorded | undefined> {
  const { rows: extensions } = await client.query<{ schema: string; maySeeAll: boolean }>(EXTENSION)
  const [extension] = extensions
  if (!extension) return undefined
  if (!extension.maySeeAll) throw denied(user)
  const { schema } = extension
  try {
    const { rows } = await client.query<RecordedStatement>(statements(schema), [database])
    const info = await client.query<{ since: Date | null }>(
      `SELECT stats_reset AS since FROM ${schema}.pg_stat_statements_info`,
    )
    return {
      since: info.rows[0]?.since ?? undefined,
      statements: rows.map((row) => ({ ...row, role: row.role ?? undefined })),
    }
  } catch (error) {
    throw reasonOf(error, { user, database })
  }
}

/** Why a server that has the extension does not return statistics. */
function reasonOf(error: unknown, { user, database }: { readonly user: string; readonly database: string }): unknown {
  switch ((error as { readonly code?: unknown }).code) {
    case '55000':
      return missing(database, 'has not loaded pg_stat_statements')
    case '42703':
    case '42P01':
      return new StatisticsError('migrate.statistics_missing', 'The extension pg_stat_statements is an old version', {
        details: { database },
        remedy: 'let a superuser run `ALTER EXTENSION pg_stat_statements UPDATE`',
      })
    case '42501':
      return denied(user)
    default:
      return error
  }
}

function missing(database: string, problem: string): StatisticsError {
  return new StatisticsError('migrate.statistics_missing', `The PostgreSQL server ${problem}`, {
    details: { database },
    remedy: `add pg_stat_statements to shared_preload_libraries (Amazon RDS has it there by default), restart the server, and let a superuser run \`CREATE EXTENSION pg_stat_statements\` in the database ${database}, or in ${MAINTENANCE_DATABASE}, where no one else sees it`,
  })
}

function denied(login: string): StatisticsError {
  return new StatisticsError('migrate.statistics_denied', `${login} may not see the statements of other logins`, {
    details: { login },
    remedy: `let a superuser run \`GRANT pg_read_all_stats TO ${login}\``,
  })
}
