import { ConfigError } from '@miyabi/core'

/** What holds for a relay as a whole. */
export interface RelayLimits {
  /** How long a partition stays a relay's without a sign of it, in milliseconds. Default 10,000. */
  readonly leaseMs: number
  /**
   * Keys, and rows without one, that are worked on at a time; events without a key go in batches beside them. Default
   * 32.
   */
  readonly concurrency: number
  /** Rows in hand at a time. Default 1,000. */
  readonly maxRows: number
}

export const defaultRelayLimits: RelayLimits = { leaseMs: 10_000, concurrency: 32, maxRows: 1000 }

const BOUNDS: { readonly [K in keyof RelayLimits]: readonly [min: number, max: number] } = {
  leaseMs: [500, 3_600_000],
  concurrency: [1, 1000],
  maxRows: [16, 100_000],
}

/** @throws {ConfigError} naming the option that cannot be. */
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
      : [{ name: `relay: ${name}`, problem: 'is out of bounds', expected: `a whole number from ${min} to ${max}` }]
  })
  if (faults.length > 0) throw new ConfigError(faults)
  return limits
}
