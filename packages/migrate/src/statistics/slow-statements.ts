import { databaseRoles, statementShape } from '@miyabi/core'
import { type DatabaseLocation, targetOf } from '../connection/target.js'
import { type RecordedStatement, readRecorded } from './recorded.js'

/** The totals on the server of all statements of one shape that ran as one role. */
export interface SlowStatement {
  /** The id of the costliest of them, with which its plan can be requested: 16 hexadecimal digits. */
  readonly id: string
  /** The role that ran them; unset if it was dropped. */
  readonly role: string | undefined
  /** Without values and comments, see `statementShape`. */
  readonly statement: string
  readonly calls: number
  /** Of the server's time, excluding the network, in milliseconds. */
  readonly totalMs: number
  readonly meanMs: number
  readonly maxMs: number
  /** Rows returned or changed. */
  readonly rows: number
}

/** What a server has recorded of a database's statements. */
export interface SlowStatements {
  /** Since when it counts; unset if the server does not know. */
  readonly since: Date | undefined
  /** The costliest, first. */
  readonly statements: readonly SlowStatement[]
}

export interface SlowStatementsOptions {
  /** An operator's database: that of the migrator. */
  readonly database: DatabaseLocation
  /** Also those that ran as a login itself: migrations, connection checks. Default false. */
  readonly all?: boolean
  readonly signal?: AbortSignal
}

/** The roles that run the application's statements. */
const ROLES: ReadonlySet<string | undefined> = new Set([
  databaseRoles.user,
  databaseRoles.webUser,
  databaseRoles.service,
])

/**
 * Returns what the server spent its time on, as pg_stat_statements counts it, one entry for each shape of a statement
 * and each role: different lengths of IN lists, which servers before 18 distinguish, are combined.
 * @throws {StatisticsError} `migrate.statistics_missing`, `migrate.statistics_denied`
 */
export async function slowStatements({
  database,
  all = false,
  signal,
}: SlowStatementsOptions): Promise<SlowStatements> {
  const { since, statements } = await readRecorded(targetOf(database), signal)
  return { since, statements: byShape(statements.filter(({ role }) => all || ROLES.has(role))) }
}

/** @param recorded costliest first. */
function byShape(recorded: readonly RecordedStatement[]): SlowStatement[] {
  const found = new Map<string, SlowStatement>()
  for (const { id, role, sql, calls, totalMs, maxMs, rows } of recorded) {
    const statement = statementShape(sql)
    const key = `${role ?? ''} ${statement}`
    const before = found.get(key)
    const sum = {
      calls: calls + (before?.calls ?? 0),
      totalMs: totalMs + (before?.totalMs ?? 0),
      maxMs: Math.max(maxMs, before?.maxMs ?? 0),
      rows: rows + (before?.rows ?? 0),
    }
    found.set(key, { id: before?.id ?? id, role, statement, ...sum, meanMs: sum.totalMs / Math.max(1, sum.calls) })
  }
  return [...found.values()].sort((a, b) => b.totalMs - a.totalMs)
}
