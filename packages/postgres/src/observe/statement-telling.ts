import type { AsyncResource } from 'node:async_hooks'
import type { Hook } from '@miyabi/core'
import type pg from 'pg'
import { toPostgresError } from '../errors/map-error.js'
import type { QueryEnd } from '../internals/pg.js'
import type { StatementFacts } from './facts.js'
import type { StatementTexts } from './statement-texts.js'

/** Facts that one of our statements carries about itself. */
export interface Origin {
  readonly path: StatementFacts['path']
  /** The identity it is sent for. */
  readonly scope: object | undefined
  /** Statements sent before it, each with an answer. */
  readonly before?: readonly { readonly text: string }[]
}

/** A query, as passed to the driver. */
interface Asked {
  readonly text?: unknown
  readonly origin?: Origin
  /** The caller's context, if it is no longer active when the query is sent. */
  readonly context?: AsyncResource | undefined
}

type Answer = pg.QueryResult | readonly pg.QueryResult[] | undefined

interface Ended {
  readonly query: unknown
  /** The caller's context, if an observer needs it. */
  readonly context: AsyncResource | undefined
  readonly startedAt: number
  readonly durationMs: number
  readonly error: Error | undefined
  readonly answer: Answer
}

/** One statement of a request: the text that determines its operation, and the text that is reported. */
interface Part {
  readonly text: string
  readonly sql: string
  readonly answer: pg.QueryResult | undefined
}

/** For queries that none of our code created: they went to the pool directly. */
const OUTSIDE: Origin = { path: 'sql', scope: undefined }

/** Reports the statements of a pool. */
export class StatementTelling {
  readonly #pool: string
  readonly #texts: StatementTexts
  readonly #hook: Hook<StatementFacts>
  /** The reported key of a scope: the object itself contains the identity. */
  readonly #marks = new WeakMap<object, object>()

  constructor(pool: string, texts: StatementTexts, hook: Hook<StatementFacts>) {
    this.#pool = pool
    this.#texts = texts
    this.#hook = hook
  }

  get isHeard(): boolean {
    return this.#hook.isHeard
  }

  /** A query is passed to its connection. Returns a function to call at its end. */
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
    // From `BEGIN; SET LOCAL ...; SET LOCAL ROLE ...` the settings are omitted: they contain the identity.
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
