import { asTyped, defined, type StoreHealth } from '@miyabi/core'
import type { PostgresError } from '../errors/errors.js'
import { problemsOfLogin } from '../identity/login-check.js'
import { type Ask, onOwnConnection } from '../pool/own-connection.js'
import { migrations } from '../schema/migrations.generated.js'
import { tableNames } from '../schema/tables.generated.js'
import type { PostgresSettings } from '../settings/config.js'
import { type ResolvedSettings, resolvePostgresSettings } from '../settings/resolve.js'
import { findingsOf, type HealthProblem, type Sight } from './findings.js'
import { compareMigrations, type HistoryRow, type MigrationState, readHistory } from './migration-state.js'

/** A wait longer than this, or than half of a caller's maximum wait, means that the pool is saturated. */
const SATURATED_AFTER_MS = 1000

/** The health of PostgreSQL. */
export interface PostgresHealth extends StoreHealth {
  /** What is wrong, for programs; the most severe problem if there are several. */
  readonly problem?: HealthProblem
  /** How the database differs from the one that the code was built for: migrations by name. */
  readonly migrations?: MigrationState
}

export interface HealthOptions {
  readonly signal?: AbortSignal | undefined
  /** The pool whose callers may be waiting. */
  readonly pool?: NonNullable<Sight['pool']>
  /** `service`: connects as the service's own pool does, with its login. */
  readonly role?: 'service' | undefined
}

/**
 * Queries the server over a separate connection, so that it neither takes a slot of the pool nor waits for one.
 * Resolves within a second; rejects only with the signal's reason.
 */
export async function checkHealth(settings: PostgresSettings, options: HealthOptions = {}): Promise<PostgresHealth> {
  const { signal, pool, role } = options
  const start = performance.now()
  let variable = 'DATABASE_URL'
  const latencyMs = (): number => Math.round(performance.now() - start)
  try {
    const resolved = resolvePostgresSettings(settings, role)
    ;({ variable } = resolved.target)
    const { version, history, ...seen } = await onOwnConnection(resolved, signal, (ask) =>
      look(ask, resolved, role === 'service'),
    )
    const state = history && compareMigrations(migrations, history)
    const saturatedAfterMs = Math.min(SATURATED_AFTER_MS, settings.acquireTimeoutMs / 2)
    const [worst] = findingsOf({ ...seen, variable, migrations: state, pool, saturatedAfterMs })
    const differs = state && Object.values(state).some((names) => names.length > 0)
    return {
      status: 'up',
      ready: true,
      latencyMs: latencyMs(),
      version,
      ...(worst && { ...worst, remedy: asTyped(worst.remedy) }),
      ...(differs ? { migrations: state } : {}),
    }
  } catch (error) {
    signal?.throwIfAborted()
    return healthDown(error as PostgresError, latencyMs())
  }
}

/** The health of PostgreSQL when querying it failed with `error`. */
export function healthDown({ code, reason, remedy }: PostgresError, latencyMs: number): PostgresHealth {
  return { status: 'down', ready: false, latencyMs, problem: code, reason, ...defined({ remedy }) }
}

interface Answer extends Pick<Sight, 'isStandby' | 'isReadOnly' | 'missing' | 'login'> {
  readonly version: string
  readonly history: readonly HistoryRow[] | undefined
}

const QUESTION = `
  SELECT current_setting('server_version') AS version,
         pg_is_in_recovery() AS "isStandby",
         current_setting('transaction_read_only')::boolean AS "isReadOnly",
         ARRAY(SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(quote_ident(name)) IS NULL) AS missing`

async function look(ask: Ask, settings: ResolvedSettings, mayServe: boolean): Promise<Answer> {
  const [row] = await ask<Omit<Answer, 'history' | 'login'>>(QUESTION, [tableNames])
  const login = await problemsOfLogin(settings, mayServe, ask)
  const history = await readHistory(ask).catch((error: { readonly code?: string }) => {
    if (error.code !== '42501') throw error
    return undefined
  })
  return { version: '', isStandby: false, isReadOnly: false, missing: [], ...row, history, login }
}
