import type { StatementFacts } from '@miyabi/postgres'

/** So often, one shortly after the other, is no chance. */
export const REPEATS = 10
/** A pause after which a statement begins anew: who waits that long between two runs works through no list of rows. */
const PAUSE_MS = 250
/** How many texts of one object of `as()` are watched. */
const MAX_TEXTS = 100

interface Run {
  readonly sql: string
  count: number
  /** By `performance.now()`. */
  endedAt: number
}

/** The first text of an object by itself: many an object has no other, and a map costs more than all the rest. */
interface Texts {
  readonly first: Run
  others: Map<string, Run> | undefined
}

/**
 * Notices a text that runs again and again for one object of `as()`: a loop over rows that asks for each of them what
 * one statement could have asked for all (N+1). Knows an object for as long as somebody holds it.
 *
 * By the text as it is sent: statements whose values are parameters, as Prisma's are.
 */
export class RepeatWatch {
  readonly #scopes = new WeakMap<object, Texts>()

  /** Whether this run makes it so many. */
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
