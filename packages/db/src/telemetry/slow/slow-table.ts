/** The totals of the slow runs of one statement. */
export interface SlowStatement {
  /** Without values and comments, with lists of one element: see `statementShape`. */
  readonly statement: string
  /** The pools that it ran on: `main`, `service`. */
  readonly pools: readonly string[]
  /** How often it was slow. */
  readonly count: number
  readonly totalMs: number
  readonly maxMs: number
  /** Rows returned or changed by those runs. */
  readonly rows: number
  readonly lastAt: Date
  /** How often it failed, by our code: `postgres.canceled`. */
  readonly errors: Readonly<Record<string, number>>
}

/** One slow run. */
export interface SlowRun {
  readonly statement: string
  readonly pool: string
  readonly ms: number
  readonly rows: number
  /** Our code, if it failed. */
  readonly error: string | undefined
  /** When it ended, in milliseconds since 1970. */
  readonly at: number
}

interface Entry {
  pools: Set<string>
  count: number
  totalMs: number
  maxMs: number
  rows: number
  lastAt: number
  errors: Map<string, number>
}

/** Slow statements by their shape, up to a limit: beyond it, the one with the least total time is removed. */
export class SlowTable {
  readonly #max: number
  readonly #entries = new Map<string, Entry>()

  constructor(max: number) {
    this.#max = max
  }

  add({ statement, pool, ms, rows, error, at }: SlowRun): void {
    const entry = this.#entries.get(statement) ?? this.#enter(statement)
    entry.pools.add(pool)
    entry.count += 1
    entry.totalMs += ms
    entry.maxMs = Math.max(entry.maxMs, ms)
    entry.rows += rows
    entry.lastAt = at
    if (error !== undefined) entry.errors.set(error, (entry.errors.get(error) ?? 0) + 1)
  }

  /** All of it, most time first. */
  list(): readonly SlowStatement[] {
    return [...this.#entries]
      .map(([statement, entry]) => ({
        statement,
        pools: [...entry.pools],
        count: entry.count,
        totalMs: entry.totalMs,
        maxMs: entry.maxMs,
        rows: entry.rows,
        lastAt: new Date(entry.lastAt),
        errors: Object.fromEntries(entry.errors),
      }))
      .sort((a, b) => b.totalMs - a.totalMs)
  }

  #enter(statement: string): Entry {
    if (this.#entries.size >= this.#max) this.#removeLeast()
    const entry: Entry = {
      pools: new Set(),
      count: 0,
      totalMs: 0,
      maxMs: 0,
      rows: 0,
      lastAt: 0,
      errors: new Map(),
    }
    this.#entries.set(statement, entry)
    return entry
  }

  #removeLeast(): void {
    let least: string | undefined
    let leastMs = Number.POSITIVE_INFINITY
    for (const [statement, { totalMs }] of this.#entries) {
      if (totalMs < leastMs) [least, leastMs] = [statement, totalMs]
    }
    if (least !== undefined) this.#entries.delete(least)
  }
}
