/** The usage of a pool over the last minute. */
export interface PoolUsage {
  /** The period covered, in milliseconds: a minute, less after startup. */
  readonly windowMs: number
  /** Connections handed out. */
  readonly acquires: number
  /** How long callers waited for them, in milliseconds. The percentiles are within 5 percent. */
  readonly waitMs: { readonly mean: number; readonly p95: number; readonly p99: number; readonly max: number }
  /** How long one was held, in milliseconds: the mean. Connections still in use count with the time so far. */
  readonly holdMs: number
  /** Connections in use, the mean over time. By Little's law it is the rate of acquires times `holdMs`. */
  readonly busy: number
}

const SLICE_MS = 10_000
const SLICES = 6
const WINDOW_MS = SLICE_MS * SLICES

/** Waits are counted in buckets, each 10 % wider than the previous one, from 0.1 ms to about 20 minutes. */
const FIRST_MS = 0.1
const GROWTH = Math.log(1.1)
const BUCKETS = 172

interface Slice {
  index: number
  acquires: number
  waitedMs: number
  longestMs: number
  busyMs: number
  readonly buckets: Uint32Array
}

/** Measures a pool over a window that slides in slices. Cheap enough for every query: it only updates a few numbers. */
export class UsageWindow {
  readonly #slices: readonly Slice[]
  readonly #startedAt: number
  #active = 0
  #settledAt: number

  /** All times are from `performance.now()`. */
  constructor(now: number) {
    this.#startedAt = now
    this.#settledAt = now
    this.#slices = Array.from({ length: SLICES }, () => ({
      index: -1,
      acquires: 0,
      waitedMs: 0,
      longestMs: 0,
      busyMs: 0,
      buckets: new Uint32Array(BUCKETS),
    }))
  }

  /** A connection was handed out to a caller that waited this long. */
  taken(now: number, waitedMs: number): void {
    this.#settle(now)
    this.#active += 1
    const slice = this.#sliceOf(now)
    slice.acquires += 1
    slice.waitedMs += waitedMs
    if (waitedMs > slice.longestMs) slice.longestMs = waitedMs
    const bucket = bucketOf(waitedMs)
    slice.buckets[bucket] = (slice.buckets[bucket] ?? 0) + 1
  }

  /** A connection was returned. */
  returned(now: number): void {
    this.#settle(now)
    this.#active -= 1
  }

  figures(now: number): PoolUsage {
    this.#settle(now)
    const first = Math.floor(now / SLICE_MS) - SLICES + 1
    const recent = this.#slices.filter((slice) => slice.index >= first)
    const sum = (of: (slice: Slice) => number): number => recent.reduce((total, slice) => total + of(slice), 0)
    const windowMs = now - Math.max(this.#startedAt, first * SLICE_MS)
    const acquires = sum((slice) => slice.acquires)
    const busyMs = sum((slice) => slice.busyMs)
    const longestMs = Math.max(0, ...recent.map((slice) => slice.longestMs))
    const percentile = (part: number): number => {
      let left = Math.ceil(acquires * part)
      for (let bucket = 0; bucket < BUCKETS && left > 0; bucket += 1) {
        left -= sum((slice) => slice.buckets[bucket] ?? 0)
        if (left <= 0) return Math.min(middleOf(bucket), longestMs)
      }
      return 0
    }
    return {
      windowMs: Math.round(windowMs),
      acquires,
      waitMs: {
        mean: rounded(acquires === 0 ? 0 : sum((slice) => slice.waitedMs) / acquires),
        p95: rounded(percentile(0.95)),
        p99: rounded(percentile(0.99)),
        max: rounded(longestMs),
      },
      holdMs: rounded(acquires === 0 ? 0 : busyMs / acquires),
      busy: rounded(windowMs <= 0 ? 0 : busyMs / windowMs),
    }
  }

  /** Adds the time since the last change, with the current number in use, to the slices it covers. */
  #settle(now: number): void {
    let from = Math.max(this.#settledAt, now - WINDOW_MS)
    this.#settledAt = now
    while (this.#active > 0 && from < now) {
      const until = Math.min(now, (Math.floor(from / SLICE_MS) + 1) * SLICE_MS)
      this.#sliceOf(from).busyMs += this.#active * (until - from)
      from = until
    }
  }

  #sliceOf(time: number): Slice {
    const index = Math.floor(time / SLICE_MS)
    const slice = this.#slices[index % SLICES] as Slice
    if (slice.index !== index) {
      Object.assign(slice, { index, acquires: 0, waitedMs: 0, longestMs: 0, busyMs: 0 })
      slice.buckets.fill(0)
    }
    return slice
  }
}

function bucketOf(ms: number): number {
  return ms <= FIRST_MS ? 0 : Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(ms / FIRST_MS) / GROWTH))
}

function middleOf(bucket: number): number {
  return bucket === 0 ? FIRST_MS / 2 : FIRST_MS * Math.exp((bucket - 0.5) * GROWTH)
}

const rounded = (value: number): number => Math.round(value * 100) / 100
