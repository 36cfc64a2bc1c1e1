import { defined } from '@miyabi/core'
import type { PoolUsage } from '../pool/usage.js'
import { type ConnectionCounts, connectionSum } from '../settings/connection-sum.js'
import type { ServerLimits } from './server-limits.js'

export interface PoolSizeQuestion extends ConnectionCounts {
  readonly server: ServerLimits
  /** The measured needs of one process's pool, from `pool.usage`. */
  readonly usage?: PoolUsage
}

/** The conclusion that the measured waits allow about the maximum of one process. */
export interface MeasuredNeed {
  /** `unmeasured`: too little traffic in the last minute. */
  readonly verdict: 'enough' | 'too_small' | 'too_large' | 'bursts' | 'unmeasured'
  /** Connections that the load needs, by Little's law and with a margin for bursts: busy + 3 sqrt(busy), rounded up. */
  readonly needed: number
  /** A maximum to try next, within the limit that fits. */
  readonly suggestedMax: number
  readonly advice: string
}

export interface PoolSizeAdvice {
  /** `CONNECTION_SUM`. */
  readonly needed: number
  /** The connections that the server has for logins like this one. */
  readonly available: number
  readonly fits: boolean
  /** The largest DB_MAX_CONNECTIONS that fits; 0 if not even one fits. */
  readonly largestMax: number
  /** The calculation in words. */
  readonly sum: string
  /** What to do if it does not fit. */
  readonly remedy?: string
  /** Both as one text. */
  readonly advice: string
  /** Present if `usage` was passed. */
  readonly measured?: MeasuredNeed
}

/** Returns whether the pools of all instances fit into the server, and whether one of them has the right size. Pure. */
export function advisePoolSize(question: PoolSizeQuestion): PoolSizeAdvice {
  const { server, usage, ...counts } = question
  const { roleLimit = Number.POSITIVE_INFINITY, databaseLimit = Number.POSITIVE_INFINITY } = server
  const available = Math.min(server.maxConnections - server.reserved, roleLimit, databaseLimit)
  const { needed, words, ...of } = connectionSum(counts)
  const fits = needed <= available
  const largestMax = of.largestMax(available)
  const sum = `${words} connections; the server has ${available} for them`
  const first = largestMax > 0 ? `lower DB_MAX_CONNECTIONS to ${largestMax},` : 'not even one connection each fits;'
  const remedy = fits ? undefined : `${first} raise its max_connections, or put a pooler between (DB_POOLER)`
  return {
    needed,
    available,
    fits,
    largestMax,
    sum,
    ...defined({ remedy }),
    advice: remedy === undefined ? sum : `${sum}: ${remedy}`,
    ...(usage && { measured: measure(usage, counts.maxConnections, largestMax) }),
  }
}

/** Fewer acquires per minute than this prove nothing about a load. */
const ENOUGH_ACQUIRES = 100
/** The wait from which users notice it in addition to the query itself. */
const NOTICEABLE_MS = 10
/** Above this, the pool limits the load, so the load cannot be measured through it. */
const FULL = 0.8

function measure(usage: PoolUsage, max: number, largestMax: number): MeasuredNeed {
  const { acquires, busy, holdMs, waitMs, windowMs } = usage
  const needed = Math.max(1, Math.ceil(busy + 3 * Math.sqrt(busy)))
  const within = (wanted: number): number => Math.max(1, Math.min(wanted, Math.max(largestMax, 1)))
  const perSecond = windowMs === 0 ? 0 : Math.round((acquires / windowMs) * 1000)
  const law = `${perSecond} acquires a second x ${holdMs} ms held = ${busy} connections in use on average`
  const say = (verdict: MeasuredNeed['verdict'], suggestedMax: number, advice: string): MeasuredNeed => ({
    verdict,
    needed,
    suggestedMax: within(suggestedMax),
    advice,
  })
  if (acquires < ENOUGH_ACQUIRES) {
    return say(
      'unmeasured',
      max,
      `only ${acquires} acquires in the last ${Math.round(windowMs / 1000)} s: ask again under load`,
    )
  }
  if (waitMs.p95 > NOTICEABLE_MS && busy >= max * FULL) {
    return say(
      'too_small',
      Math.ceil(max * 1.5),
      `${law} of ${max}, and one in twenty callers waits ${waitMs.p95} ms or longer: first hold connections for a shorter time, then try 50 % more; a full pool hides how many more the load needs`,
    )
  }
  if (waitMs.p95 > NOTICEABLE_MS) {
    return say(
      'bursts',
      max,
      `${law} of ${max}, but one in twenty callers waits ${waitMs.p95} ms or longer: because of bursts, or because connections are opened on demand; raise DB_MIN_CONNECTIONS`,
    )
  }
  if (max > 2 * needed) {
    return say(
      'too_large',
      needed,
      `${law}: with a margin for bursts, ${needed} of ${max} are enough, if this minute was a busy one`,
    )
  }
  return say('enough', max, `${law} of ${max}, and hardly any caller waits (p99 ${waitMs.p99} ms)`)
}
