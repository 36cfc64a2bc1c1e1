import type pg from 'pg'
import type { Pool } from './pool.js'
import { closedError } from './pool-closed.js'
import type { Scope, Scopes } from './scope.js'
import { inScope, scopeRefused } from './scope-errors.js'
import { ScopedQuery } from './scoped-query.js'
import type { NamedQuery } from './statement-names.js'

/** What a runner needs to know of its pool. */
export interface RunnerOptions {
  readonly scopes: Scopes
  /** The login of the pool, for messages. */
  readonly login: string
  /** Names statements that a session is to keep; unset behind a pooler, where the next use may come to another session. */
  readonly statementName: ((query: NamedQuery) => string) | undefined
}

/** Runs single statements on a pool, each in the scope of who asks. */
export class Runner {
  readonly #pool: Pool
  readonly #options: RunnerOptions

  constructor(pool: Pool, options: RunnerOptions) {
    this.#pool = pool
    this.#options = options
  }

  /** The login of the pool, for messages. */
  get login(): string {
    return this.#options.login
  }

  /** Names statements that a session is to keep; unset behind a pooler. */
  get statementName(): RunnerOptions['statementName'] {
    return this.#options.statementName
  }

  /** What is answered once nothing is taken any more. */
  get closedError(): Error {
    return closedError(this.#pool.name)
  }

  /** The scope of the call that is under way. */
  get scope(): Scope | undefined {
    return this.#options.scopes.current
  }

  /** Runs a statement in the scope of the call that is under way, in one round trip. */
  query(config: pg.QueryConfig): Promise<pg.QueryResult> {
    const { scope } = this
    return scope ? this.#queryIn(scope, config) : this.#pool.query(config)
  }

  /** Runs SQL of the caller's own, in a scope where one is given. */
  sql<Row extends pg.QueryResultRow>(
    scope: Scope | undefined,
    text: string,
    values: readonly unknown[],
  ): Promise<pg.QueryResult<Row>> {
    const name = this.#options.statementName?.({ sql: text, args: values })
    const config = { text, values: [...values], ...(name ? { name } : {}) }
    return scope ? this.#queryIn(scope, config) : this.#pool.query<Row>(config)
  }

  async #queryIn(scope: Scope, config: pg.QueryConfig): Promise<pg.QueryResult> {
    const { statementName, login } = this.#options
    const query = new ScopedQuery(config, scope, statementName !== undefined)
    try {
      return await (this.#pool.query(query) as unknown as Promise<pg.QueryResult>)
    } catch (error) {
      throw query.isInScope ? inScope(error) : scopeRefused(error, scope, login)
    }
  }
}
