import type { AsyncResource } from 'node:async_hooks'
import type { Hook } from '@miyabi/core'
import type pg from 'pg'
import { toPostgresError } from '../errors/map-error.js'
import type { QueryEnd } from '../internals/pg.js'
import type { StatementFacts } from './facts.js'
import type { StatementTexts } from './statement-texts.js'

/** What a statement of ours carries about itself. */
export interface Origin {
  readonly path: StatementFacts['path']
  /** Whom it is asked for. */
  readonly scope: object | undefined
  /** Statements that went in front of it, each with an answer. */
  readonly before?: readonly { readonly text: string }[]
}

/** A query as the driver takes it. */
interface Asked {
  readonly text?: unknown
  readonly origin?: Origin
  /** Of who asked, where that is not known any more when it is sent. */
  readonly context?: AsyncResource | undefined
}

type Answer = pg.QueryResult | readonly pg.QueryResult[] | undefined

interface Ended {
  readonly query: unknown
  /** Of who asked, where it is wanted. */
  readonly context: AsyncResource | undefined
  readonly startedAt: number
  readonly durationMs: number
  readonly error: Error | undefined
  readonly answer: Answer
}

/** One statement of what was asked: what tells its operation, and what is told as its text. */
interface Part {
  readonly text: string
  readonly sql: string
  readonly answer: pg.QueryResult | undefined
}

/** Of what nobody of ours made: it went to the pool directly. */
const OUTSIDE: Origin = { path: 'sql', scope: undefined }

/** Tells of the statements of a pool. */
export class StatementTelling {
  readonly #pool: string
  readonly #texts: StatementTexts
  readonly #hook: Hook<StatementFacts>
  /** What is told of a scope: the object itself holds who it is. */
  readonly #marks = new WeakMap<object, object>()

  constructor(pool: string, texts: StatementTexts, hook: Hook<StatementFacts>) {
    this.#pool = pool
    this.#texts = texts
    this.#hook = hook
  }

  get isHeard(): boolean {
    return this.#hook.isHeard
  }

  /** A query is given to its connection. Returns what is to be called at its end. */
  begin(query: unknown): QueryEnd {
    const context = (Object(query) as Asked).context ?? this.#hook.capture()
    const startedAt = performance.now()
    return (endedAt, error, answer) =>
      this.#ended({ query, context, startedAt, durationMs: endedAt - startedAt, error, answer })
  }

  #ended(ended: Ended): void {
    const { query, answer } = ended
    const { text, origin = OUTSIDE } = (typeof query === 'string' ? { text: query } : query) as Asked
    const isControl = origin.path === 'transaction'
    const sql = typeof text !== 'string' ? '' : isControl ? firstWord(text) : text
    if (!isSeveral(answer)) {
      this.#tell({ text: sql, sql, answer }, origin, ended)
      return
    }
    // Of `BEGIN; SET LOCAL ...; SET LOCAL ROLE ...` what is set is left out: it says whose the transaction is.
    const answers = isControl ? answer.filter(({ command }) => command !== 'SET') : answer
    const texts = origin.before?.length === answers.length - 1 ? [...origin.before.map((one) => one.text), sql] : []
    const share = ended.durationMs / answers.length
    for (const [index, one] of answers.entries()) {
      const own = texts[index] ?? (isControl ? one.command : undefined)
      const at = { ...ended, startedAt: ended.startedAt + index * share, durationMs: share }
      this.#tell({ text: own ?? one.command, sql: own ?? sql, answer: one }, origin, at)
    }
  }

  #tell({ text, sql, answer }: Part, { path, scope }: Origin, { context, startedAt, durationMs, error }: Ended): void {
    const { operation, collection, isOfTransaction } = this.#texts.of(text)
    const facts: StatementFacts = {
      store: 'postgresql',
      pool: this.#pool,
      operation,
      collection,
      sql,
      path: isOfTransaction ? 'transaction' : path,
      scope: scope && this.#markOf(scope),
      startedAt,
      durationMs,
      rows: answer?.rowCount ?? undefined,
      error: error && errorFacts(error),
    }
    this.#hook.tell(facts, context)
  }

  #markOf(scope: object): object {
    const known = this.#marks.get(scope)
    if (known) return known
    const mark = Object.freeze({})
    this.#marks.set(scope, mark)
    return mark
  }
}

const isSeveral = (answer: Answer): answer is readonly pg.QueryResult[] => Array.isArray(answer)
const firstWord = (text: string): string => /^\w*/.exec(text)?.[0] ?? ''

function errorFacts(error: Error): NonNullable<StatementFacts['error']> {
  const { code, details } = toPostgresError(error)
  return { code, sqlState: 'sqlState' in details ? details.sqlState : undefined }
}
