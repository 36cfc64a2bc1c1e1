import { meaningOf, type PostgresErrorCode } from '../errors/codes.js'
import type { LoginProblem } from '../identity/login-check.js'
import { tableNames } from '../schema/tables.generated.js'
import type { PoolStats } from '../stats.js'
import type { MigrationState } from './migration-state.js'

/** Why health is not `up`: a state reported by the server, or the code of the error that prevented an answer. */
export type HealthProblem =
  | 'postgres.migrations.failed'
  | 'postgres.migrations.pending'
  | 'postgres.migrations.edited'
  | 'postgres.migrations.unknown'
  | 'postgres.migrations.unreadable'
  | 'postgres.pool.saturated'
  | PostgresErrorCode

/** A problem of a database that answers. */
export interface Finding {
  readonly problem: HealthProblem
  /** `down`: the application cannot work. `degraded`: it can, but an operator should investigate. */
  readonly status: 'degraded' | 'down'
  /** Whether this instance should receive new requests anyway. */
  readonly ready: boolean
  readonly reason: string
  readonly remedy: string
}

/** The facts that health checked. */
export interface Sight {
  readonly isStandby: boolean
  readonly isReadOnly: boolean
  /** Tables that the code expects and the database lacks. */
  readonly missing: readonly string[]
  /** The problem that makes the login's calls fail; problems that let calls succeed are only logged. */
  readonly login: readonly LoginProblem[]
  /** The variable that names the server and the login. */
  readonly variable: string
  /** Undefined if the login may not read the history. */
  readonly migrations: MigrationState | undefined
  /** The pool, with the wait of its first waiter. */
  readonly pool: { readonly stats: PoolStats; readonly oldestWaitMs: number } | undefined
  /** A longer wait means that the pool is saturated. */
  readonly saturatedAfterMs: number
}

const DOWN = { status: 'down', ready: false } as const
/** It works, but further requests would do harm. */
const BUSY = { status: 'degraded', ready: false } as const
const ODD = { status: 'degraded', ready: true } as const

/** The problems, most severe first. */
export function findingsOf(sight: Sight): Finding[] {
  return [
    ...migrationsFailed(sight),
    ...writesRefused(sight),
    ...schemaBehind(sight),
    ...loginRefused(sight),
    ...saturated(sight),
    ...odd(sight),
  ]
}

function writesRefused({ isStandby, isReadOnly, variable }: Sight): Finding[] {
  if (!isReadOnly) return []
  const problem = isStandby ? 'postgres.standby' : 'postgres.read_only'
  const remedy = isStandby
    ? `set ${variable} to the primary`
    : 'check default_transaction_read_only of the server, the database and the role; some services set it when the disk is full'
  return [{ problem, ...DOWN, reason: meaningOf(problem).reason, remedy }]
}

function migrationsFailed({ migrations }: Sight): Finding[] {
  return finding(migrations?.failed, (names) => ({
    problem: 'postgres.migrations.failed',
    ...DOWN,
    reason: `A migration has started but not finished: ${names}`,
    remedy: 'wait if it is running now; otherwise `pnpm prisma migrate status` shows how to continue',
  }))
}

function schemaBehind({ migrations, missing }: Sight): Finding[] {
  // If all are applied, applying them fixes nothing.
  const isKnown = migrations !== undefined
  return [
    ...finding(migrations?.pending, (names) => ({
      problem: 'postgres.migrations.pending',
      ...DOWN,
      remedy: 'apply the migrations: `pnpm prisma migrate deploy`',
      reason: `The database lacks these migrations: ${names}`,
    })),
    ...finding(missing, (names) => ({
      problem: 'postgres.schema_mismatch',
      ...DOWN,
      remedy: isKnown
        ? 'no migration is missing; check that the session searches the right schema (`?schema=`, search_path); `pnpm db:doctor` reports how the database differs from its migrations'
        : (meaningOf('postgres.schema_mismatch').remedy ?? ''),
      reason: `The database lacks ${missing.length} of ${tableNames.length} tables: ${names}`,
    })),
  ]
}

/** True for every connection of the pool, or for every call that it serves. */
function loginRefused({ login }: Sight): Finding[] {
  return login.flatMap(({ error, weight }) => {
    const { code: problem, reason, remedy = '' } = error
    return weight === 'refuse' ? [{ problem, ...DOWN, reason, remedy }] : []
  })
}

function saturated({ pool, saturatedAfterMs }: Sight): Finding[] {
  if (!pool || pool.oldestWaitMs <= saturatedAfterMs) return []
  const { max, waiting } = pool.stats
  const waited = `${waiting} waiting, the first for ${Math.round(pool.oldestWaitMs)} ms`
  const remedy = 'check for long transactions and connections that are never released, then raise DB_MAX_CONNECTIONS'
  return [
    { problem: 'postgres.pool.saturated', ...BUSY, reason: `All ${max} connections are in use; ${waited}`, remedy },
  ]
}

function odd({ migrations }: Sight): Finding[] {
  if (!migrations) {
    return [
      {
        problem: 'postgres.migrations.unreadable',
        ...ODD,
        reason: 'The login may not read which migrations were applied',
        remedy: 'GRANT SELECT on _prisma_migrations to it; the migrations do this when Prisma runs them',
      },
    ]
  }
  return [
    ...finding(migrations.edited, (names) => ({
      problem: 'postgres.migrations.edited',
      ...ODD,
      reason: `Applied with a different script than the code's: ${names}`,
      remedy: 'restore the script as it was applied, and put the change into a separate migration',
    })),
    // Instances that are still to be replaced see this in every rolling deployment.
    ...finding(migrations.unknown, (names) => ({
      problem: 'postgres.migrations.unknown',
      ...ODD,
      reason: `The database is ahead of the code: ${names}`,
      remedy: 'deploy the code that these migrations belong to, unless that is in progress',
    })),
  ]
}

function finding(names: readonly string[] | undefined, make: (names: string) => Finding): Finding[] {
  return names && names.length > 0 ? [make(names.join(', '))] : []
}
