import { ConfigError } from '@miyabi/core'

/** Options of a relay as a whole. */
export interface RelayLimits {
  /** How long a relay keeps a partition after its last activity, in milliseconds. Default 10,000. */
  readonly leaseMs: number
  /**
   * Keys, and rows without a key, that are processed concurrently; events without a key go in batches beside them.
   * Default 32.
   */
  readonly concurrency: number
  /** The most rows being processed. Default 1,000. */
  readonly maxRows: number
}

export const defaultRelayLimits: RelayLimits = { leaseMs: 10_000, concurrency: 32, maxRows: 1000 }

const BOUNDS: { readonly [K in keyof RelayLimits]: readonly [min: number, max: number] } = {
  leaseMs: [500, 3_600_000],
  concurrency: [1, 1000],
  maxRows: [16, 100_000],
}

/** @throws {ConfigError} naming the invalid option. */
export function checkedLimits(given: Partial<RelayLimits>): RelayLimits {
  const limits = {
    ...defaultRelayLimits,
    ...Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined)),
  }
  const faults = (Object.keys(BOUNDS) as (keyof RelayLimits)[]).flatMap((name) => {
    const [min, max] = BOUNDS[name]
    const value = limits[name]
    const isGood = Number.isInteger(value) && value >= min && value <= max
    return isGood
      ? []
      : [{ name: `relay: ${name}`, problem: 'is out of range', expected: `a whole number from ${min} to ${max}` }]
  })
  if (faults.length > 0) throw new ConfigError(faults)
  return limits
}
