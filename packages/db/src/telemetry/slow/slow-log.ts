import { type Logger, statementShape } from '@miyabi/core'
import type { StatementFacts } from '@miyabi/postgres'
import { LineLimit } from './line-limit.js'
import { REPEATS, RepeatWatch } from './repeat-watch.js'
import { type SlowStatement, SlowTable } from './slow-table.js'

/** The most shapes that are stored. */
const MAX_SHAPES = 500
/** The most texts that are checked for repeated shapes. */
const MAX_TEXTS = 500

export interface SlowLogOptions {
  /** The duration from which a statement is slow, in milliseconds. */
  readonly slowMs: number
  readonly logger: Pick<Logger, 'warn'>
  /** The time, in milliseconds since 1970. */
  readonly now?: () => number
}

/**
 * Stores slow statements by their shape and logs them, at most one line a minute for each; warns once about a statement
 * that is repeated for one object of `as()`. Has no values: neither in its memory nor in the log.
 */
export class SlowLog {
  readonly #options: SlowLogOptions
  readonly #now: () => number
  readonly #table = new SlowTable(MAX_SHAPES)
  readonly #repeats = new RepeatWatch()
  /**
   * Shapes that were warned about, and the fingerprints of their texts: parsing a text costs more than everything else.
   */
  readonly #repeated = new Set<string>()
  readonly #read = new Set<number>()
  readonly #lines = new LineLimit()

  constructor(options: SlowLogOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** Slow statements, most time first. */
  list(): readonly SlowStatement[] {
    return this.#table.list()
  }

  /** Call it with each statement. */
  readonly statement = (facts: StatementFacts): void => {
    if (facts.durationMs >= this.#options.slowMs) this.#noteSlow(facts)
    if (this.#repeats.isRepeated(facts)) this.#noteRepeated(facts)
  }

  #noteSlow({ sql, pool, durationMs, rows = 0, error }: StatementFacts): void {
    const statement = statementShape(sql)
    const [at, ms] = [this.#now(), Math.round(durationMs)]
    this.#table.add({ statement, pool, ms: durationMs, rows, error: error?.code, at })
    const leftOut = this.#lines.take(statement, at)
    if (leftOut === undefined) return
    this.#options.logger.warn(
      { event: 'db.statement_slow', statement, pool, ms, rows, ...(error && { code: error.code }), leftOut },
      `a statement took ${ms} ms: ${statement}`,
    )
  }

  #noteRepeated({ sql, operation }: StatementFacts): void {
    const text = fingerprint(sql)
    if (this.#read.size >= MAX_TEXTS || this.#read.has(text)) return
    this.#read.add(text)
    const statement = statementShape(sql)
    if (this.#repeated.has(statement)) return
    this.#repeated.add(statement)
    const remedy = REMEDIES[operation] ?? REMEDY
    this.#options.logger.warn(
      { event: 'db.statement_repeated', statement, count: REPEATS, remedy },
      `a statement ran ${REPEATS} times in a row for one object of as(), as in a loop over rows: ${remedy}: ${statement}`,
    )
  }
}

const REMEDY = 'process all of them in one call'
const REMEDIES: Readonly<Record<string, string>> = {
  SELECT: 'load all of them in one call, with `include` or `select` of the relation, or with `in`',
  INSERT: 'insert all of them in one call, with `createMany`',
}

/** A text as a 32-bit number (FNV-1a): a text may contain values, which are not stored. */
function fingerprint(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash
}
