/** Durations in seconds, as OpenTelemetry's database conventions have them. */
export const DURATION_BUCKETS: readonly number[] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** Counts of rows, as OpenTelemetry's database conventions have them. */
export const ROW_BUCKETS: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]

/** The buckets with another boundary, if it is not there yet. */
export function withBoundary(buckets: readonly number[], boundary: number): readonly number[] {
  if (buckets.includes(boundary)) return buckets
  return [...buckets, boundary].sort((one, other) => one - other)
}

/** How many values fell into each bucket, and their sum. Recording adds to three numbers. */
export class Histogram {
  readonly boundaries: readonly number[]
  /** For each bucket up to and including its boundary; the last is for values beyond all of them. */
  readonly counts: number[]
  sum = 0
  count = 0

  constructor(boundaries: readonly number[]) {
    this.boundaries = boundaries
    this.counts = new Array<number>(boundaries.length + 1).fill(0)
  }

  record(value: number): void {
    const { boundaries, counts } = this
    let bucket = 0
    while (bucket < boundaries.length && value > (boundaries[bucket] as number)) bucket += 1
    counts[bucket] = (counts[bucket] as number) + 1
    this.sum += value
    this.count += 1
  }
}

/** One number: a sum, or a current value. */
export class Sum {
  value = 0
}
