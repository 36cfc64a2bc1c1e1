import { defined } from '@miyabi/core'
import type { PoolUsage } from '../pool/usage.js'
import { type ConnectionCounts, connectionSum } from '../settings/connection-sum.js'
import type { ServerLimits } from './server-limits.js'

export interface PoolSizeQuestion extends ConnectionCounts {
  readonly server: ServerLimits
  /** What the pool of one process was measured to need, from `pool.usage`. */
  readonly usage?: PoolUsage
}

/** What the measured waits say about the maximum of one process. */
export interface MeasuredNeed {
  /** `unmeasured`: too little happened in the last minute. */
  readonly verdict: 'enough' | 'too_small' | 'too_large' | 'bursts' | 'unmeasured'
  /** Connections that the load needs, by Little's law and with room for chance: busy + 3 sqrt(busy), rounded up. */
  readonly needed: number
  /** A maximum to try next; within what fits. */
  readonly suggestedMax: number
  readonly advice: string
}

export interface PoolSizeAdvice {
  /** `CONNECTION_SUM`. */
  readonly needed: number
  /** What the server has for logins like this one. */
  readonly available: number
  readonly fits: boolean
  /** The largest DB_MAX_CONNECTIONS that fits; 0 where not even one does. */
  readonly largestMax: number
  /** The sum in words. */
  readonly sum: string
  /** What to do where it does not fit. */
  readonly remedy?: string
  /** Both as one text. */
  readonly advice: string
  /** Where `usage` was given. */
  readonly measured?: MeasuredNeed
}

/** Whether the pools of all instances fit into the server, and whether one of them has the right size. Pure. */
export function advisePoolSize(question: PoolSizeQuestion): PoolSizeAdvice {
  const { server, usage, ...counts } = question
  const { roleLimit = Number.POSITIVE_INFINITY, databaseLimit = Number.POSITIVE_INFINITY } = server
  const available = Math.min(server.maxConnections - server.reserved, roleLimit, databaseLimit)
  const { needed, words, ...of } = connectionSum(counts)
  const fits = needed <= available
  const largestMax = of.largestMax(available)
  const sum = `${words} connections, and the server has ${available} for them`
  const first = largestMax > 0 ? `lower DB_MAX_CONNECTIONS to ${largestMax},` : 'not one connection for each fits;'
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

/** Fewer than this in a minute say nothing about a load. */
const ENOUGH_ACQUIRES = 100
/** A wait that a user begins to notice beside the query itself. */
const NOTICEABLE_MS = 10
/** From here on the pool bounds the load, so that the load cannot be measured through it. */
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
      `${law} of ${max}, and one in twenty callers waits ${waitMs.p95} ms or longer: first hold connections for a shorter time, then try half as many again; how many more the load needs cannot be seen through a full pool`,
    )
  }
  if (waitMs.p95 > NOTICEABLE_MS) {
    return say(
      'bursts',
      max,
      `${law} of ${max}, yet one in twenty callers waits ${waitMs.p95} ms or longer: bursts, or connections that are opened only then; raise DB_MIN_CONNECTIONS`,
    )
  }
  if (max > 2 * needed) {
    return say(
      'too_large',
      needed,
      `${law}: with room for chance ${needed} of ${max} are enough, if this minute was a busy one`,
    )
  }
  return say('enough', max, `${law} of ${max}, and hardly anybody waits (p99 ${waitMs.p99} ms)`)
}
