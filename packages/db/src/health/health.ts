import { defined, type StoreHealth, safeCause, withDeadline } from '@miyabi/core'
import type { PostgresHealth, ReplicaStats } from '@miyabi/postgres'

/** The health of both stores. */
export interface DatabaseHealth {
  /** `up`: both. `down`: neither. `degraded`: anything between. */
  readonly status: 'up' | 'degraded' | 'down'
  /** Whether new requests should come to this instance: both stores are ready. */
  readonly ready: boolean
  /** The slower of the two, in milliseconds: they are checked concurrently. */
  readonly latencyMs: number
  readonly postgres: PostgresHealth
  readonly dynamodb: StoreHealth
  /** The health of the replicas, if requested. An unhealthy replica makes `status` `degraded`, never `ready` false. */
  readonly replicas?: readonly ReplicaStats[]
}

/** The response to a readiness probe. */
export interface Readiness {
  /** Whether new requests should come to this instance. */
  readonly ready: boolean
  /** How long the check took, in milliseconds. */
  readonly latencyMs: number
  /** Why not, one sentence for each store, with the remedy. Names servers, never a password. */
  readonly reasons: readonly string[]
}

/**
 * The application's login determines the health of PostgreSQL. While the service's login is down, users are still
 * served; but a login that never worked in this process is misconfigured, and its deployment should be stopped.
 */
export function withService(
  application: PostgresHealth,
  service: PostgresHealth | undefined,
  hasServed: boolean,
): PostgresHealth {
  if (service?.status !== 'down' || application.status === 'down') return application
  const { problem, reason = 'no reason given', remedy } = service
  return {
    ...application,
    status: 'degraded',
    ready: application.ready && hasServed,
    reason: `the service's login (SERVICE_DATABASE_URL): ${reason}`,
    ...defined({ problem, remedy }),
  }
}

/** The effect of replicas: an instance serves without them, from the primary. */
export function withReplicas(health: DatabaseHealth, replicas: readonly ReplicaStats[]): DatabaseHealth {
  const isDegraded = health.status === 'up' && replicas.some(({ problem }) => problem !== undefined)
  return { ...health, ...(isDegraded && { status: 'degraded' }), replicas }
}

/** The part of health that a probe needs. */
export function readinessOf({ ready, latencyMs, postgres, dynamodb }: DatabaseHealth): Readiness {
  const reasons = Object.entries({ postgres, dynamodb }).flatMap(([name, store]) =>
    store.ready ? [] : [[`${name}: ${store.reason ?? 'no reason given'}`, store.remedy].filter(Boolean).join('; ')],
  )
  return { ready, latencyMs, reasons }
}

/** Checks the health of a store. */
export type HealthCheck = (options: { readonly signal: AbortSignal }) => Promise<StoreHealth>

/** Longer than any store's own limit, so this one only applies to a check that fails to end. In milliseconds. */
const LIMIT_MS = 10_000

/** Checks both concurrently. Always returns a result, whatever a store does; rejects only when `signal` is aborted. */
export async function checkBoth(
  stores: { readonly postgres: HealthCheck; readonly dynamodb: HealthCheck },
  options: { readonly signal?: AbortSignal | undefined; readonly limitMs?: number } = {},
): Promise<DatabaseHealth> {
  const { signal, limitMs = LIMIT_MS } = options
  const [postgres, dynamodb] = await Promise.all([
    checkOne(stores.postgres, limitMs, signal),
    checkOne(stores.dynamodb, limitMs, signal),
  ])
  const { status } = postgres
  return {
    status: status === dynamodb.status ? status : 'degraded',
    ready: postgres.ready && dynamodb.ready,
    latencyMs: Math.max(postgres.latencyMs, dynamodb.latencyMs),
    postgres,
    dynamodb,
  }
}

/** The health of a closed context: nothing is contacted. */
export const closedHealth = (options: { readonly signal?: AbortSignal | undefined } = {}): Promise<DatabaseHealth> =>
  checkBoth({ postgres: closed, dynamodb: closed }, options)

const closed: HealthCheck = async () => ({
  status: 'down',
  ready: false,
  latencyMs: 0,
  reason: 'this context is closed',
})

async function checkOne(check: HealthCheck, ms: number, signal: AbortSignal | undefined): Promise<StoreHealth> {
  const start = performance.now()
  try {
    const onTimeout = (): Error => new Error(`no response within ${ms} ms`)
    return await withDeadline({ ms, signal, onTimeout }, (inner) => check({ signal: inner }))
  } catch (error) {
    signal?.throwIfAborted()
    return {
      status: 'down',
      ready: false,
      latencyMs: Math.round(performance.now() - start),
      reason: safeCause(error).message,
    }
  }
}
