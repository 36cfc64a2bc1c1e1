import type { Socket } from 'node:net'
import { InternalsCheck, internalsOf } from '@miyabi/core'
import pg from 'pg'

/**
 * Every undocumented member of pg and pg-pool that is used: its purpose, the version in which it was read, and the only
 * access to it. No other part of the package reaches into the driver, and startup with another version reports what is
 * missing.
 *
 * The fields of a server error are not part of this: see errors/driver-facts.ts.
 */

/** For an upgrade: read the rows below again in the new version, then raise these. */
const PG = { package: 'pg', readIn: '8.23.1' }
const PG_POOL = { package: 'pg-pool', readIn: '3.14.0', via: 'pg' }

/** A session need not describe the rows of a named prepared statement again. */
export const KNOWN_ROW_SHAPES = 'row shapes known from earlier executions'

export const PG_INTERNALS = [
  ...internalsOf(PG_POOL, [
    ['Pool', 'newClient', 'function', 'opens a connection'],
    ['Pool', '_pendingQueue', 'object', 'takes an idle connection immediately'],
    ['Pool', '_pulseQueue', 'function', 'takes an idle connection immediately'],
  ]),
  ...internalsOf(PG, [
    ['Client', 'query', 'function', 'observes statement start and end'],
    ['Client', 'connection', 'object', 'listens to server messages, and closes the socket'],
    ['Client', 'getStartupConf', 'function', 'requests UTC at login'],
    ['Client', 'getTransactionStatus', 'function', 'never hands out a connection inside a transaction'],
    ['Client', '_queryQueue', 'object', 'knows whether a session has answered all requests'],
    ['Client', '_activeQuery', 'any', 'reports the position of a mistake in a statement'],
    ['Client', '_connected', 'boolean', 'knows which session owes an answer'],
    ['Client', 'processID', 'any', 'cancels a statement'],
    ['Client', 'secretKey', 'any', 'cancels a statement'],
    ['Connection', 'stream', 'object', 'closes the socket'],
    ['Connection', 'query', 'function', "recognizes a text that sets a session's limit"],
    ['Connection', 'parse', 'function', 'sends the identity before a statement'],
    ['Connection', 'bind', 'function', 'sends the identity before a statement'],
    ['Connection', 'execute', 'function', 'sends the identity before a statement'],
    ['Connection', 'close', 'function', 'sends the identity before a statement'],
    ['Connection', 'sync', 'function', 'ends a COPY that gets no data, and the statements of one call'],
    ['Connection', 'parsedStatements', 'object', 'knows which named statements a session has'],
    ['Connection', 'submittedNamedStatements', 'object', 'knows which named statements a session has'],
    ['Connection', 'describe', 'function', 'skips the Describe of known rows', KNOWN_ROW_SHAPES],
    ['Query', 'queryMode', 'any', 'sends every statement with the extended protocol'],
    ['Query', 'callback', 'any', 'observes the end of a statement'],
    ['Query', '_result', 'object', "reads rows with the call's parsers"],
    ['Query', '_results', 'object', "reads rows with the call's parsers"],
    ['Query', '_rowMode', 'any', 'reads the rows of several statements in the same form'],
    ['Query', 'requiresPreparation', 'function', 'ends a COPY that gets no data'],
    ['Query', 'prepare', 'function', 'sends the identity before a statement'],
    ['Query', 'handleRowDescription', 'function', 'leaves rows unparsed'],
    ['Query', 'handleDataRow', 'function', "distinguishes the identity's answer from the statement's"],
    ['Query', 'handleCommandComplete', 'function', "distinguishes the identity's answer from the statement's"],
    ['Query', 'handleCopyInResponse', 'function', 'ends a COPY that gets no data'],
    ['Query', 'handleError', 'function', "distinguishes the identity's failure from the statement's"],
    ['Query', '_canceledDueToError', 'any', 'reports a row that cannot be read, and its column'],
    ['Result', 'fields', 'object', 'copies the shape of rows', KNOWN_ROW_SHAPES],
    ['Result', 'rowAsArray', 'boolean', 'copies the shape of rows', KNOWN_ROW_SHAPES],
    ['Result', '_types', 'any', 'copies the shape of rows', KNOWN_ROW_SHAPES],
    ['Result', '_parsers', 'any', 'reports the column of a value that cannot be read'],
    ['Result', 'addFields', 'function', 'copies the shape of rows', KNOWN_ROW_SHAPES],
    ['Result', 'parseRow', 'function', 'reads a row of a known shape', KNOWN_ROW_SHAPES],
    ['Result', 'addRow', 'function', 'reads a row of a known shape', KNOWN_ROW_SHAPES],
    ['utils', 'prepareValue', 'function', 'converts parameters before sending'],
  ]),
]

/** Checked in every session, shortly after its login. */
export const SESSION_INTERNALS = internalsOf(PG, [
  ['Client', 'readyForQuery', 'boolean', 'knows whether a session has answered all requests'],
  ['Connection messages', 'parameterStatus', 'any', "knows a session's time zone, and whether its server is a standby"],
  ['Connection messages', 'commandComplete', 'any', 'knows that a session was told to discard its statements'],
  ['Connection messages', 'errorMessage', 'any', 'knows that a session must not be used again'],
])

/** The parts of the driver that its types omit. */
const driver = pg as unknown as {
  readonly Result: new (rowMode: RowMode, types: object | undefined) => DriverResult
  readonly Query: new (text: string, values: unknown[] | undefined) => DriverQuery
  readonly utils: { prepareValue(value: unknown): Parameter }
}

/** Objects of every kind, none of which connects. */
export function pgHolders() {
  const client = new pg.Client({ host: 'localhost', port: 5432, user: 'none', database: 'none', ssl: false })
  return {
    Pool: new pg.Pool({ host: 'localhost', port: 5432, user: 'none', database: 'none', ssl: false }),
    Client: client,
    Connection: client.connection,
    Query: new driver.Query('', undefined),
    Result: new driver.Result(undefined, undefined),
    utils: driver.utils,
  }
}

export const pgCheck = new InternalsCheck(PG_INTERNALS, pgHolders, import.meta.url)

/**
 * Every server reports its parameters at login, and the driver itself listens to its other messages: if either was not
 * observed, the driver uses another name for it.
 */
export function sessionHolders(client: pg.Client, hasReported: boolean) {
  const hears = (name: string): boolean => client.connection.listenerCount(name) > 1
  return {
    Client: client,
    'Connection messages': {
      ...(hasReported && { parameterStatus: true }),
      ...(hears('commandComplete') && { commandComplete: true }),
      ...(hears('errorMessage') && { errorMessage: true }),
    },
  }
}

export const sessionCheck = (client: pg.Client, hasReported: boolean) =>
  new InternalsCheck(SESSION_INTERNALS, () => sessionHolders(client, hasReported), import.meta.url)

// The pool.

/** How the driver's pool hands out a client. */
export type DriverCallback = (error: Error | undefined, client: pg.PoolClient | undefined, release: () => void) => void

interface PoolInternals {
  newClient(item: { readonly callback: DriverCallback }): void
  /** Its wait queue. */
  readonly _pendingQueue: { readonly callback: DriverCallback }[]
  /** Serves the first waiter. */
  _pulseQueue(): void
}

/** Opens a connection. */
export function openClient(pool: pg.Pool, callback: DriverCallback): void {
  const { newClient } = pool as unknown as PoolInternals
  newClient.call(pool, { callback })
}

/**
 * Takes an idle connection, which must exist: immediately, and not through the driver's `connect`, which serves in the
 * next tick, when it may be gone.
 */
export function takeIdleClient(pool: pg.Pool): pg.PoolClient | undefined {
  const internals = pool as unknown as PoolInternals
  internals._pendingQueue.push(taking)
  internals._pulseQueue()
  const { taken } = taking
  taking.taken = undefined
  return taken
}

/**
 * A waiter for the driver's queue that takes a connection immediately. Shared, because this is on the path of every
 * query.
 */
const taking: { readonly callback: DriverCallback; taken: pg.PoolClient | undefined } = {
  callback: (_error, client) => {
    taking.taken = client
  },
  taken: undefined,
}

/** Runs a query of our own class. The pool sets its callback, and returns a promise. */
export function queryPool(pool: pg.Pool, query: DriverQuery): Promise<pg.QueryResult> {
  return pool.query(query) as unknown as Promise<pg.QueryResult>
}

// One connection.

interface ClientInternals {
  readonly readyForQuery: boolean
  readonly _queryQueue: readonly unknown[]
  readonly _activeQuery: { readonly text?: unknown } | null
  readonly _connected: boolean
  readonly processID: number
  readonly secretKey: number
}

/** Messages that the server sends on its own, and its errors. */
interface ServerMessages {
  /** At login, and at every change. */
  readonly parameterStatus: { readonly parameterName: string; readonly parameterValue: string }
  /** The tag of a completed command. */
  readonly commandComplete: { readonly text: string }
  /** Before the driver handles it. */
  readonly errorMessage: { readonly code?: string }
}

/** Calls `listener` with each such message of the server. */
export function onServerMessage<Name extends keyof ServerMessages>(
  client: pg.Client,
  name: Name,
  listener: (message: ServerMessages[Name]) => void,
): void {
  client.connection.on(name, listener)
}

/** The driver's start of a session. Overridable; this is the driver's own. */
export function driverStartupConf(client: pg.Client): Readonly<Record<string, string>> {
  const ofDriver = Reflect.get(pg.Client.prototype, 'getStartupConf') as () => Readonly<Record<string, string>>
  return ofDriver.call(client)
}

/**
 * Whether the server has answered everything that was sent. After a failed statement it reports the session's state
 * slightly later.
 */
export function isSettled(client: pg.Client): boolean {
  const { readyForQuery, _queryQueue } = client as unknown as ClientInternals
  return readyForQuery && _queryQueue.length === 0
}

/** Whether an open session owes an answer. */
export function owesAnswer(client: pg.Client): boolean {
  const { _connected, readyForQuery } = client as unknown as ClientInternals
  return _connected && !readyForQuery
}

/** Whether its socket has not been connected yet. */
export function isConnecting(client: pg.Client): boolean {
  return (client.connection.stream as Socket).connecting
}

/** Bytes received and sent. */
export function bytesOf(client: pg.Client): number {
  const { bytesRead, bytesWritten } = client.connection.stream as Socket
  return bytesRead + bytesWritten
}

/** The text of the statement that the server is answering. */
export function textInFlight(client: pg.Client): string | undefined {
  const text = (client as unknown as ClientInternals)._activeQuery?.text
  return typeof text === 'string' ? text : undefined
}

/** Whether the server's answer is read at the pace of external code: a cursor, a stream of COPY. */
export function isStreaming(client: pg.Client): boolean {
  const query = (client as unknown as ClientInternals)._activeQuery
  return Boolean(query) && !(query instanceof driver.Query)
}

/** Calls `listener` with each text before it is sent; a named prepared statement is sent once. */
export function onText(client: pg.Client, listener: (text: string) => void): void {
  const connection = client.connection as unknown as Pick<Wire, 'parse'> & { query(text: string): void }
  const { query, parse } = connection
  const heard: typeof connection = {
    query(text) {
      listener(text)
      query.call(this, text)
    },
    parse(message) {
      listener(message.text)
      parse.call(this, message)
    },
  }
  Object.assign(connection, heard)
}

/** The end of a query; the time is from `performance.now()`. A text of several statements has several answers. */
export type QueryEnd = (
  endedAt: number,
  error: Error | undefined,
  answer: pg.QueryResult | readonly pg.QueryResult[] | undefined,
) => void

type QueryCallback = (error: Error | null | undefined, answer?: pg.QueryResult) => void

/** The driver's query argument, apart from its text. */
interface GivenQuery {
  callback?: QueryCallback | undefined
  readonly submit?: unknown
}

/**
 * Calls `begin` with each query passed to the session, and the function that it returns at the query's end, when its
 * caller has the answer. If `begin` returns nothing, that query is not followed.
 */
export function watchQueries(client: pg.Client, begin: (query: unknown) => QueryEnd | undefined): void {
  const { prototype } = pg.Client as unknown as { prototype: { query(...given: unknown[]): unknown } }
  function query(this: pg.Client, given: GivenQuery | string, values?: unknown, last?: QueryCallback): unknown {
    const send = prototype.query // looked up each time: tracing tools may replace it at any time
    const end = begin(given)
    if (!end) return send.call(this, given, values, last)
    const own = typeof values === 'function' ? (values as QueryCallback) : last
    const parameters = typeof values === 'function' ? undefined : values
    if (typeof given !== 'string' && typeof given.submit === 'function') {
      if (given instanceof driver.Query) Object.assign(given, { callback: endingBy(given.callback ?? own, end) })
      else endWith(given, end)
      return send.call(this, given, parameters, own)
    }
    const callback = own ?? (typeof given === 'string' ? undefined : given.callback)
    if (callback) return send.call(this, given, parameters, endingBy(callback, end))
    const answered = send.call(this, given, parameters) as Promise<pg.QueryResult>
    answered.then(
      (answer) => end(performance.now(), undefined, answer),
      (error: Error) => end(performance.now(), error, undefined),
    )
    return answered
  }
  Object.assign(client, { query })
}

function endingBy(own: QueryCallback | undefined, end: QueryEnd): QueryCallback {
  return (error, answer) => {
    const endedAt = performance.now()
    try {
      own?.(error, answer)
    } finally {
      end(endedAt, error ?? undefined, answer)
    }
  }
}

/** For a query of a third-party class (a cursor, a stream of COPY), which has methods and no callback. */
function endWith(query: object, end: QueryEnd): void {
  const { handleError, handleReadyForQuery } = query as Record<string, ((...args: unknown[]) => unknown) | undefined>
  const ended: typeof end = (...facts) => {
    Object.assign(query, { handleError, handleReadyForQuery })
    end(...facts)
  }
  Object.assign(query, {
    handleError(...args: unknown[]) {
      ended(performance.now(), args[0] as Error, undefined)
      return handleError?.apply(query, args)
    },
    handleReadyForQuery(...args: unknown[]) {
      ended(performance.now(), undefined, undefined)
      return handleReadyForQuery?.apply(query, args)
    },
  })
}

/** Makes the driver prepare all statements again. */
export function forgetStatements({ connection }: pg.Client): void {
  Object.assign(connection, { parsedStatements: {} })
}

/** The key by which the server identifies a session whose statement is to be canceled. */
export function backendKeyOf(client: pg.Client): { readonly processID: number; readonly secretKey: number } {
  const { processID, secretKey } = client as unknown as ClientInternals
  return { processID, secretKey }
}

// One statement.

/** A connection, as a query writes to it. */
export interface Wire {
  parse(message: { readonly name: string; readonly text: string }): void
  bind(message: { readonly statement: string; readonly values: readonly Parameter[] }): void
  describe(message: { readonly type: 'P'; readonly name: string }): void
  execute(message: { readonly portal: string }): void
  close(message: { readonly type: 'S'; readonly name: string }): void
  sync(): void
  /** Named prepared statements of the session. */
  readonly parsedStatements: Record<string, string>
  /** Statements that were sent and not answered yet. */
  readonly submittedNamedStatements: Record<string, string>
}

type RowMode = 'array' | undefined

/** The columns of the rows that follow. */
export interface RowDescription {
  readonly fields: readonly pg.FieldDef[]
}

/** The raw values of a row. */
export interface DataRow {
  readonly fields: readonly (string | null)[]
}

/** A result while its rows arrive. */
export interface DriverResult {
  fields: readonly pg.FieldDef[]
  readonly rowAsArray: boolean
  /** Parsers of values. */
  readonly _types: object
  /** The parsers of its fields, in order. */
  readonly _parsers: readonly ((value: string) => unknown)[] | undefined
  addFields(fields: readonly pg.FieldDef[]): void
  /** Returns the row of these values: a record, or an array. */
  parseRow(values: DataRow['fields']): unknown
  addRow(row: unknown): void
}
export const DriverResult = driver.Result

/** A query, with the methods that drive it, and their state. */
export interface DriverQuery extends pg.Submittable {
  text: string
  queryMode: 'extended' | undefined
  callback: (error: Error | null, result: pg.QueryResult) => void
  _result: DriverResult
  /** The same, or all results if there are several: the callback gets it. */
  _results: object
  /** The form of the rows of each further result. */
  _rowMode: RowMode
  /** The error of a row that could not be read. It is reported when the server has finished. */
  _canceledDueToError: unknown
  /** Whether it uses the extended protocol. */
  requiresPreparation(): boolean
  prepare(connection: Wire): void
  handleRowDescription(message: RowDescription): void
  handleDataRow(message: DataRow): void
  handleCommandComplete(message: object, connection: Wire): void
  handleCopyInResponse(connection: Wire): void
  handleError(error: Error, connection: Wire): void
}
export const DriverQuery = driver.Query

/** The same connection, except that it does not request a description. */
export function undescribed(connection: Wire): Wire {
  return Object.create(connection, { describe: { value: () => {} } }) as Wire
}

/** A value as sent. */
export type Parameter = string | Buffer | null

/** A value as the driver sends it. */
export const toParameter = (value: unknown): Parameter => driver.utils.prepareValue(value)
