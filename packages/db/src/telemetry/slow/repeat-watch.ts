import type { StatementFacts } from '@miyabi/postgres'

/** This many runs in quick succession are not a coincidence. */
export const REPEATS = 10
/**
 * A pause after which a statement is counted from zero: a caller that waits this long between two runs is not looping
 * over rows.
 */
const PAUSE_MS = 250
/** The most texts of one object of `as()` that are watched. */
const MAX_TEXTS = 100

interface Run {
  readonly sql: string
  count: number
  /** By `performance.now()`. */
  endedAt: number
}

/**
 * The first text of an object is stored separately: many an object has no other, and a map costs more than everything
 * else.
 */
interface Texts {
  readonly first: Run
  others: Map<string, Run> | undefined
}

/**
 * Detects a text that runs repeatedly for one object of `as()`: a loop over rows that runs a statement for each of them
 * where one statement would do (N+1). Holds an object only weakly.
 *
 * Matches the text as it is sent: statements whose values are parameters, as Prisma's are.
 */
export class RepeatWatch {
  readonly #scopes = new WeakMap<object, Texts>()

  /** Whether this run reaches the limit. */
  isRepeated({ scope, sql, path, startedAt, durationMs }: StatementFacts): boolean {
    if (scope === undefined || path === 'transaction') return false
    const endedAt = startedAt + durationMs
    const run = this.#enter(scope, sql, endedAt)
    if (!run) return false
    run.count = startedAt > run.endedAt + PAUSE_MS ? 1 : run.count + 1
    run.endedAt = Math.max(run.endedAt, endedAt)
    return run.count === REPEATS
  }

  /** What is known of a text; undefined if it runs for the first time, or there are too many others. */
  #enter(scope: object, sql: string, endedAt: number): Run | undefined {
    const texts = this.#scopes.get(scope)
    if (!texts) this.#scopes.set(scope, { first: { sql, count: 1, endedAt }, others: undefined })
    else if (texts.first.sql === sql) return texts.first
    else {
      texts.others ??= new Map()
      const known = texts.others.get(sql)
      if (known) return known
      if (texts.others.size < MAX_TEXTS - 1) texts.others.set(sql, { sql, count: 1, endedAt })
    }
    return undefined
  }
}
