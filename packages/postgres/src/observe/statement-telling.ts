import type { Hook } from '@miyabi/core'
import type pg from 'pg'
import { toPostgresError } from '../errors/map-error.js'
import type { QueryEnd } from '../internals/pg.js'
import type { StatementFacts } from './facts.js'
import type { StatementTexts } from './statement-texts.js'

/** What a statement of ours carries about itself. */
export interface Origin {
  /** `transaction`: what is sent besides BEGIN is told of nobody, as it says who the transaction is of. */
  readonly path: StatementFacts['path']
  /** Whom it is asked for. */
  readonly scope: object | undefined
}

/** A query as the driver takes it. */
interface Asked {
  readonly text?: unknown
  readonly origin?: Origin
}

type Answer = pg.QueryResult | readonly pg.QueryResult[] | undefined

interface Ended {
  readonly query: unknown
  readonly startedAt: number
  readonly durationMs: number
  readonly error: Error | undefined
  readonly answer: Answer
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
    const startedAt = performance.now()
    return (endedAt, error, answer) => this.#ended({ query, startedAt, durationMs: endedAt - startedAt, error, answer })
  }

  #ended({ query, startedAt, durationMs, error, answer }: Ended): void {
    const { text, origin = OUTSIDE } = (typeof query === 'string' ? { text: query } : query) as Asked
    const isControl = origin.path === 'transaction'
    const sql = typeof text !== 'string' ? '' : isControl ? firstWord(text) : text
    const { operation, collection, isOfTransaction } = this.#texts.of(sql)
    const facts: StatementFacts = {
      store: 'postgresql',
      pool: this.#pool,
      operation,
      collection,
      sql,
      path: isOfTransaction ? 'transaction' : origin.path,
      scope: origin.scope && this.#markOf(origin.scope),
      startedAt,
      durationMs,
      rows: rowsIn(answer),
      error: error && errorFacts(error),
    }
    if (isControl) this.#tellOfTransaction(facts, answer)
    else if (!Array.isArray(answer)) this.#hook.tell(facts)
    else if (origin.path === 'bulk')
      this.#tellEach(
        answer.map(() => facts),
        answer,
      )
    else
      this.#tellEach(
        answer.map(({ command }) => ({
          ...facts,
          operation: this.#texts.of(command).operation,
          collection: undefined,
        })),
        answer,
      )
  }

  /** Of `BEGIN; SET LOCAL ...; SET LOCAL ROLE ...`: what is set says whose the transaction is. */
  #tellOfTransaction(facts: StatementFacts, answer: Answer): void {
    const answers = Array.isArray(answer) ? answer.filter(({ command }) => command !== 'SET') : []
    if (answers.length === 0) this.#hook.tell(facts)
    else
      this.#tellEach(
        answers.map(({ command }) => ({ ...facts, operation: command, sql: command })),
        answers,
      )
  }

  /** Several statements of one text, each with its share of the time. */
  #tellEach(facts: readonly StatementFacts[], answers: readonly pg.QueryResult[]): void {
    for (const [index, one] of facts.entries()) {
      const durationMs = one.durationMs / facts.length
      const startedAt = one.startedAt + index * durationMs
      this.#hook.tell({ ...one, startedAt, durationMs, rows: rowsIn(answers[index]) })
    }
  }

  #markOf(scope: object): object {
    const known = this.#marks.get(scope)
    if (known) return known
    const mark = Object.freeze({})
    this.#marks.set(scope, mark)
    return mark
  }
}

const firstWord = (text: string): string => /^\w*/.exec(text)?.[0] ?? ''

function rowsIn(answer: Answer): number | undefined {
  return (answer as pg.QueryResult | undefined)?.rowCount ?? undefined
}

function errorFacts(error: Error): NonNullable<StatementFacts['error']> {
  const { code, details } = toPostgresError(error)
  return { code, sqlState: 'sqlState' in details ? details.sqlState : undefined }
}
