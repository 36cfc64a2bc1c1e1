import { safeCause, withDeadline } from '@miyabi/core'

/** How one store answered. */
export interface StoreHealth {
  readonly status: 'up' | 'down'
  /** How long it took to know, in milliseconds. */
  readonly latencyMs: number
  /** The server's version, where it says one. */
  readonly version?: string
  /** Why it is down. Names the server, never a password. */
  readonly reason?: string
  /** What to do about it. */
  readonly remedy?: string
}

/** How both stores answered. */
export interface DatabaseHealth {
  /** `up`: both. `degraded`: one of them. `down`: neither. */
  readonly status: 'up' | 'degraded' | 'down'
  /** The slower of the two, in milliseconds: they are asked at the same time. */
  readonly latencyMs: number
  readonly postgres: StoreHealth
  readonly dynamodb: StoreHealth
}

/** Asks a store how it is. */
export type HealthCheck = (options: { readonly signal: AbortSignal }) => Promise<StoreHealth>

/** Longer than any store's own limit, so that this one is only for a check that goes wrong. In milliseconds. */
const LIMIT_MS = 10_000

/**
 * Asks both at the same time. Always answers, whatever a store does; rejects only when `signal` is aborted.
 */
export async function checkBoth(
  stores: { readonly postgres: HealthCheck; readonly dynamodb: HealthCheck },
  options: { readonly signal?: AbortSignal | undefined; readonly limitMs?: number } = {},
): Promise<DatabaseHealth> {
  const { signal, limitMs = LIMIT_MS } = options
  const [postgres, dynamodb] = await Promise.all([
    checkOne(stores.postgres, limitMs, signal),
    checkOne(stores.dynamodb, limitMs, signal),
  ])
  const up = Number(postgres.status === 'up') + Number(dynamodb.status === 'up')
  return {
    status: up === 2 ? 'up' : up === 1 ? 'degraded' : 'down',
    latencyMs: Math.max(postgres.latencyMs, dynamodb.latencyMs),
    postgres,
    dynamodb,
  }
}

async function checkOne(check: HealthCheck, ms: number, signal: AbortSignal | undefined): Promise<StoreHealth> {
  const start = performance.now()
  try {
    const onTimeout = (): Error => new Error(`no answer within ${ms} ms`)
    return await withDeadline({ ms, signal, onTimeout }, (inner) => check({ signal: inner }))
  } catch (error) {
    signal?.throwIfAborted()
    return { status: 'down', latencyMs: Math.round(performance.now() - start), reason: safeCause(error).message }
  }
}
