import { limits } from './limits.js'
import { poisson, seeded } from './random.js'
import type { Shares } from './traffic.js'

export interface Load {
  /** Events a second. */
  readonly rate: number
  /** Of one event, in the table or the index. */
  readonly writeUnits: number
  readonly seconds: number
  readonly seed: number
}

/**
 * Too far below the limit for chance ever to reach it: fifteen standard deviations. Not simulated, because nothing
 * happens there.
 */
const NEVER = 0.6

/**
 * The share of events that their partition refuses, second by second: those above its write units, at first asking.
 * Each shard of each key is a partition of its own; the events of a key fall on its shards by chance.
 */
export function throttledShare(shares: Shares, shardsOf: (key: number) => number, load: Load): number {
  const { rate, writeUnits, seconds, seed } = load
  const random = seeded(seed)
  const capacity = limits.partitionWriteUnits / writeUnits
  let refused = 0
  shares.forEach((share, key) => {
    const shards = shardsOf(key)
    const mean = (rate * share) / shards
    if (mean < capacity * NEVER) return
    for (let n = 0; n < shards * seconds; n++) refused += Math.max(0, poisson(mean, random) - capacity)
  })
  return refused / (rate * seconds)
}

/** The rule of the README: how many shards a key of `share` needs. */
export function ruleShards(share: number, rate: number, writeUnits: number): number {
  return Math.max(1, Math.ceil((rate * share * writeUnits) / (limits.partitionWriteUnits * limits.targetUse)))
}

/** The fewest shards with which a key of `share` has none refused in the time simulated. */
export function fewestShards(share: number, load: Load): number {
  const isEnough = (shards: number): boolean => throttledShare([share], () => shards, load) === 0
  // Below the mean there is no hope; the rule is enough by far.
  let low = Math.max(1, Math.ceil((load.rate * share * load.writeUnits) / limits.partitionWriteUnits))
  let high = Math.max(low, ruleShards(share, load.rate, load.writeUnits) * 2)
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (isEnough(middle)) high = middle
    else low = middle + 1
  }
  return low
}
