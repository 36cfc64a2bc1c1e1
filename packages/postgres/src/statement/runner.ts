import type { AsyncResource } from 'node:async_hooks'
import type { Logger } from '@miyabi/core'
import type pg from 'pg'
import type { PostgresError } from '../errors/errors.js'
import type { Scope, Scopes } from '../identity/scope.js'
import { inScope, scopeRefused } from '../identity/scope-errors.js'
import { KNOWN_ROW_SHAPES, pgCheck, queryPool } from '../internals/pg.js'
import { isOfBulkInsert } from '../internals/prisma.js'
import { closedError } from '../pool/closed.js'
import type { Pool } from '../pool/pool.js'
import { isForgotten, isStale } from '../pool/pooled-client.js'
import { Flight } from './flight.js'
import type { StatementNames } from './names.js'
import { toParameters } from './parameters.js'
import { isPureSelect } from './pure-select.js'
import { prismaReaders, sqlReaders } from './readers.js'
import { RowShapes } from './row-shapes.js'
import { FailedRows, type RawRows, type RowsQuery, RowsStatement } from './rows-statement.js'
import { Statement, type StatementOptions } from './statement.js'

type Path = StatementOptions['path']

type SentRows = Omit<RowsQuery, 'name'>

/** The statements of one call in progress: see `Flight`. */
export interface FlightOfRows {
  rows(query: SentRows): Promise<RawRows>
  /** Marks the end: nothing more will be sent. */
  end(): void
}

/** The facts about its pool that a runner needs. */
export interface RunnerOptions {
  readonly scopes: Scopes
  /** The login of the pool, for messages. */
  readonly login: string
  /**
   * Names the statements that sessions should keep; unset behind a pooler, where the next use may be in another
   * session.
   */
  readonly names: StatementNames | undefined
  /** Logs what is switched off because the driver lacks it. */
  readonly logger: Logger | undefined
  /** Notified of each answer to a statement or a COMMIT of a caller that may have changed rows. */
  readonly onWritten: (() => void) | undefined
}

/** The identity that a statement runs for, and the caller's asynchronous context, if needed. */
interface Asking {
  readonly context?: AsyncResource | undefined
  readonly asker?: Scope | undefined
}

/** Runs single statements on a pool, each in the caller's scope. */
export class Runner {
  readonly #pool: Pool
  readonly #options: RunnerOptions
  readonly #shapes: RowShapes | undefined
  #parsers: pg.CustomTypesConfig | undefined

  constructor(pool: Pool, options: RunnerOptions) {
    this.#pool = pool
    this.#options = options
    this.#shapes = pgCheck.has(KNOWN_ROW_SHAPES, options.logger) ? new RowShapes() : undefined
  }

  /** The login of the pool, for messages. */
  get login(): string {
    return this.#options.login
  }

  /** Names the statements that sessions should keep; unset behind a pooler. */
  get names(): StatementNames | undefined {
    return this.#options.names
  }

  /** The error once the intake is closed. */
  get closedError(): PostgresError {
    return closedError(this.#pool.name)
  }

  /** The scope of the current call. */
  get scope(): Scope | undefined {
    return this.#options.scopes.current
  }

  /** Runs a statement of Prisma's adapter in the scope of the current call, in one round trip. */
  query(config: pg.QueryConfig): Promise<pg.QueryResult> {
    return this.#run(this.scope, this.#readAsAlways(config), pathOf(config))
  }

  /** Runs a statement of Prisma's adapter on the connection of a transaction, whose scope was set when it began. */
  queryOn(client: pg.ClientBase, config: pg.QueryConfig, scope: Scope | undefined): Promise<pg.QueryResult> {
    return this.#runOn(client, this.#readAsAlways(config), scope, pathOf(config))
  }

  /** Runs the caller's own SQL, in a scope if one is passed. */
  async sql<Row extends pg.QueryResultRow>(
    scope: Scope | undefined,
    text: string,
    values: readonly unknown[],
  ): Promise<pg.QueryResult<Row>> {
    return this.#run(scope, this.#named(text, values), 'sql')
  }

  /** Runs the caller's own SQL on the connection of a transaction, whose scope was set when it began. */
  async sqlOn(
    client: pg.ClientBase,
    text: string,
    values: readonly unknown[],
    scope: Scope | undefined,
  ): Promise<pg.QueryResult> {
    return this.#runOn(client, this.#named(text, values), scope, 'sql')
  }

  /**
   * Sends COMMIT with statements before it, in one round trip: if one of them fails, the server does not execute it.
   */
  async commitOn(
    client: pg.ClientBase,
    before: readonly { readonly text: string; readonly values: readonly unknown[] }[],
    scope: Scope | undefined,
  ): Promise<{ readonly command: string }> {
    try {
      return await this.#commitOn(client, before)
    } finally {
      answered(scope)
      this.#wrote(scope)
    }
  }

  async #commitOn(
    client: pg.ClientBase,
    before: readonly { readonly text: string; readonly values: readonly unknown[] }[],
  ): Promise<{ readonly command: string }> {
    if (before.length === 0) return client.query('COMMIT')
    const { names } = this.#options
    const named = before.map(({ text, values }) => ({
      text,
      values: toParameters(values),
      name: names?.of({ sql: text, args: values }) ?? '',
    }))
    const statement = new Statement(
      { text: 'COMMIT', before: named },
      this.#optionsOf(undefined, 'sql', undefined, false),
    )
    try {
      const answer = await new Promise<pg.QueryResult | readonly pg.QueryResult[]>((resolve, reject) => {
        statement.callback = (error, result) => (error ? reject(error) : resolve(result))
        client.query(statement)
      })
      return { command: [answer].flat().at(-1)?.command ?? '' }
    } catch (error) {
      if (isStale(error)) for (const { text, name } of named) names?.retire(text, name)
      throw error
    }
  }

  /** The parsers for Prisma's rows. */
  get prismaTypes(): pg.CustomTypesConfig | undefined {
    return this.#parsers
  }

  /** Determines the parsers of Prisma's adapter, as its first query does. */
  readAsAdapter(types: pg.CustomTypesConfig): void {
    this.#parsers ??= prismaReaders(types)
  }

  /** Runs one statement whose rows stay unparsed, in one round trip. */
  rows(query: SentRows, scope: Scope | undefined): Promise<RawRows> {
    const named = this.#namedRows(query)
    const route = scope?.route
    if (!route) return this.#taken(named, scope)
    return route.run((pool, told) => this.#taken(named, told, route.asker, pool))
  }

  /**
   * Does the same for several statements of one call, on one connection. If they may be canceled, each has its own, so
   * that none is sent after the cancel request.
   */
  flight(scope: Scope | undefined): FlightOfRows {
    if (scope?.route || this.#pool.cancelScope) return { rows: (query) => this.rows(query, scope), end: () => {} }
    const context = this.#pool.hooks.statement.capture() // the connection may arrive in the scope of the caller that returns it
    const flight = new Flight<RowsQuery>(this.#pool, (client, queries, done) => {
      const statement = this.#rowsStatement(queries, scope, { context })
      statement.callback = (error) => {
        answered(scope)
        done(error ? new FailedRows(error, statement) : undefined, statement.answers)
      }
      client.query(statement)
    })
    const sent = (query: RowsQuery): Promise<RawRows> =>
      new Promise((resolve) =>
        flight.ask(query, (failed, rows) => resolve(rows && !failed ? rows : this.#again(failed, query, scope, sent))),
      )
    return { rows: (query) => sent(this.#namedRows(query)), end: () => flight.end() }
  }

  #namedRows({ sql, values }: SentRows): RowsQuery {
    return { sql, values, name: this.#options.names?.of({ sql, args: values }) ?? '' }
  }

  /** Uses a single promise: nearly every read takes this path. */
  #taken(
    query: RowsQuery,
    scope: Scope | undefined,
    asker: Scope | undefined = scope,
    pool: Pool = this.#pool,
  ): Promise<RawRows> {
    const context = this.#pool.hooks.statement.capture() // the connection may arrive in the scope of the caller that returns it
    return new Promise((resolve, reject) => {
      pool.take((error, client) => {
        if (!client) return reject(error)
        const statement = this.#rowsStatement([query], scope, { context, asker })
        statement.callback = (failure) => {
          answered(scope)
          client.release(failure ?? undefined)
          if (!failure) return resolve(statement.answers[0])
          const failed = new FailedRows(failure, statement)
          resolve(this.#again(failed, query, scope, (unnamed) => this.#taken(unnamed, scope, asker, pool)))
        }
        client.query(statement)
      })
    })
  }

  /** Sends a statement again without its name if the session rejected a name; rethrows any other failure. */
  async #again(
    failed: unknown,
    query: RowsQuery,
    scope: Scope | undefined,
    send: (query: RowsQuery) => Promise<RawRows>,
  ): Promise<RawRows> {
    if (!(failed instanceof FailedRows)) throw failed
    const { error, statement } = failed
    if (isOfSession(error, statement.name, statement)) return send({ ...query, name: '' })
    throw this.#inScope(error, scope, statement)
  }

  #rowsStatement(
    queries: ConstructorParameters<typeof RowsStatement>[0],
    scope: Scope | undefined,
    { context = this.#pool.hooks.statement.capture(), asker = scope }: Asking = {},
  ): RowsStatement {
    return new RowsStatement(queries, this.#parsers, this.#optionsOf(scope, 'compiled', asker, false, context))
  }

  #named(text: string, values: readonly unknown[]): pg.QueryConfig {
    const name = this.#options.names?.of({ sql: text, args: values })
    return { text, values: toParameters(values), types: sqlReaders, ...(name ? { name } : {}) }
  }

  #runOn(client: pg.ClientBase, config: pg.QueryConfig, scope: Scope | undefined, path: Path): Promise<pg.QueryResult> {
    const statement = new Statement(config, this.#optionsOf(undefined, path, scope, !scope && !config.name))
    return new Promise((resolve, reject) => {
      statement.callback = (error, result) => {
        answered(scope)
        if (error) reject(error)
        else resolve(result)
      }
      client.query(statement)
    })
  }

  #run(scope: Scope | undefined, config: pg.QueryConfig, path: Path): Promise<pg.QueryResult> {
    const route = scope?.route
    if (!route) return this.#runOver(this.#pool, scope, config, path)
    return route.run((pool = this.#pool, told) => this.#runOver(pool, told, config, path, route.asker))
  }

  async #runOver(
    pool: Pool,
    scope: Scope | undefined,
    config: pg.QueryConfig,
    path: Path,
    asker: Scope | undefined = scope,
  ): Promise<pg.QueryResult> {
    const statement = new Statement(config, this.#optionsOf(scope, path, asker, !scope && !config.name))
    try {
      return await queryPool(pool, statement)
    } catch (error) {
      if (isOfSession(error, config.name, statement))
        return this.#runOver(pool, scope, { ...config, name: '' }, path, asker)
      throw this.#inScope(error, scope, statement)
    } finally {
      answered(scope)
      if (scope && !isRead(config.text)) this.#wrote(scope)
    }
  }

  #wrote(scope: Scope | undefined): void {
    if (!scope) return
    scope.answers.written += 1
    if (!scope.isMachinery) this.#options.onWritten?.()
  }

  /** The failure of a statement, or of the scope before it. */
  #inScope(error: unknown, scope: Scope | undefined, { isInScope }: Statement): unknown {
    if (!scope) return error
    return isInScope ? inScope(error) : scopeRefused(error, scope, this.login)
  }

  #optionsOf(
    scope: Scope | undefined,
    path: Path,
    asker: Scope | undefined,
    maySeveral: boolean,
    context = this.#pool.hooks.statement.capture(),
  ): StatementOptions {
    return { scope, names: this.#options.names, shapes: this.#shapes, maySeveral, path, asker, context }
  }

  /**
   * The adapter creates the same parsers again for each query. Caching them shows that a statement's rows are parsed as
   * before.
   */
  #readAsAlways(config: pg.QueryConfig): pg.QueryConfig {
    if (config.types) this.#parsers ??= prismaReaders(config.types)
    return Object.assign(config, { types: this.#parsers })
  }
}

/** Texts already checked, since there are few shapes. */
const reads = new Map<string, boolean>()
const MOST_TEXTS = 1000

/** Whether a statement cannot change anything. */
function isRead(text: string): boolean {
  const known = reads.get(text)
  if (known !== undefined) return known
  if (reads.size === MOST_TEXTS) reads.clear()
  const found = isPureSelect(text)
  reads.set(text, found)
  return found
}

/** Records that the server answered, even with a failure: a COMMIT whose answer is lost may count. */
function answered(scope: Scope | undefined): void {
  if (scope) scope.answers.count += 1
}

/** SQL from the adapter is Prisma's own, or was written to replace it. */
function pathOf(config: pg.QueryConfig): Path {
  return isOfBulkInsert(config) ? 'bulk' : 'prisma'
}

/**
 * Whether a statement failed because of its session's named statements. It had no effect, and that connection is not
 * used again. The identity statement is named too, and comes first.
 */
function isOfSession(error: unknown, name: string | undefined, { isInScope }: Statement): boolean {
  return Boolean(name || !isInScope) && (isStale(error) || isForgotten(error))
}
