import type { Socket } from 'node:net'
import { InternalsCheck, internalsOf } from '@miyabi/core'
import pg from 'pg'

/**
 * All that is used of pg and of pg-pool and is no part of their documentation: what for, in which version it was read,
 * and the one way to it. Nothing else of the package reaches into the driver, and a start with another version names
 * what is missing.
 *
 * What a server's error carries is no part of this: see errors/driver-facts.ts.
 */

/** What an upgrade takes the place of: read the rows below again in the new version, then raise these. */
const PG = { package: 'pg', readIn: '8.23.1' }
const PG_POOL = { package: 'pg-pool', readIn: '3.14.0', via: 'pg' }

/** That a session need not describe the rows of a statement again that it keeps by name. */
export const KNOWN_ROW_SHAPES = 'row shapes known from the execution before'

/** That the statements of an `include` need not wait for each other. */
export const PIPELINED_STATEMENTS = 'several statements on their way at once'

export const PG_INTERNALS = [
  ...internalsOf(PG_POOL, [
    ['Pool', 'newClient', 'function', 'opens a connection'],
    ['Pool', '_pendingQueue', 'object', 'takes an idle connection at once'],
    ['Pool', '_pulseQueue', 'function', 'takes an idle connection at once'],
  ]),
  ...internalsOf(PG, [
    ['Client', 'query', 'function', 'sees statements begin and end'],
    ['Client', 'connection', 'object', 'listens to what the server reports, and cuts the socket'],
    ['Client', 'getStartupConf', 'function', 'asks for UTC at the login'],
    ['Client', 'getTransactionStatus', 'function', 'hands out no connection inside a transaction'],
    ['Client', '_queryQueue', 'object', 'knows whether a session has answered all that it was sent'],
    ['Client', '_activeQuery', 'any', 'tells where a statement is wrong'],
    ['Client', '_connected', 'boolean', 'knows which session owes an answer'],
    ['Client', 'pipeline', 'boolean', 'sends the statements of one call in one go', PIPELINED_STATEMENTS],
    ['Client', 'processID', 'any', 'cancels a statement'],
    ['Client', 'secretKey', 'any', 'cancels a statement'],
    ['Connection', 'stream', 'object', 'cuts the socket'],
    ['Connection', 'query', 'function', 'sees which limit a text gives its session'],
    ['Connection', 'parse', 'function', 'sends the identity in front of a statement'],
    ['Connection', 'bind', 'function', 'sends the identity in front of a statement'],
    ['Connection', 'execute', 'function', 'sends the identity in front of a statement'],
    ['Connection', 'close', 'function', 'sends the identity in front of a statement'],
    ['Connection', 'sync', 'function', 'ends a COPY that is given no data'],
    ['Connection', 'parsedStatements', 'object', 'knows which statements a session keeps by name'],
    ['Connection', 'submittedNamedStatements', 'object', 'knows which statements a session keeps by name'],
    ['Connection', 'describe', 'function', 'leaves out the question for the shape of rows', KNOWN_ROW_SHAPES],
    ['Query', 'queryMode', 'any', 'sends every statement in the extended protocol'],
    ['Query', 'callback', 'any', 'hears how a statement ends'],
    ['Query', '_result', 'object', 'reads rows with the parsers of the call'],
    ['Query', '_results', 'object', 'reads rows with the parsers of the call'],
    ['Query', '_rowMode', 'any', 'reads the rows of several statements in the same form'],
    ['Query', 'requiresPreparation', 'function', 'ends a COPY that is given no data'],
    ['Query', 'prepare', 'function', 'sends the identity in front of a statement'],
    ['Query', 'handleDataRow', 'function', "tells the identity's answer from the statement's"],
    ['Query', 'handleCommandComplete', 'function', "tells the identity's answer from the statement's"],
    ['Query', 'handleCopyInResponse', 'function', 'ends a COPY that is given no data'],
    ['Query', 'handleError', 'function', "tells the identity's failure from the statement's"],
    ['Query', '_canceledDueToError', 'any', 'tells of a row that cannot be read, and in which column'],
    ['Result', 'fields', 'object', 'copies the shape of rows', KNOWN_ROW_SHAPES],
    ['Result', 'rowAsArray', 'boolean', 'copies the shape of rows', KNOWN_ROW_SHAPES],
    ['Result', '_types', 'any', 'copies the shape of rows', KNOWN_ROW_SHAPES],
    ['Result', '_parsers', 'any', 'tells in which column a value cannot be read'],
    ['Result', 'addFields', 'function', 'copies the shape of rows', KNOWN_ROW_SHAPES],
    ['Result', 'parseRow', 'function', 'reads a row of a known shape', KNOWN_ROW_SHAPES],
    ['Result', 'addRow', 'function', 'reads a row of a known shape', KNOWN_ROW_SHAPES],
    ['utils', 'prepareValue', 'function', 'converts parameters before anything is sent'],
  ]),
]

/** Looked for in every session, a moment after its login. */
export const SESSION_INTERNALS = internalsOf(PG, [
  ['Client', 'readyForQuery', 'boolean', 'knows whether a session has answered all that it was sent'],
  ['Connection messages', 'parameterStatus', 'any', 'knows the time zone of a session, and whether it is a standby'],
  ['Connection messages', 'commandComplete', 'any', 'knows that a session was told to forget its statements'],
  ['Connection messages', 'errorMessage', 'any', 'knows that a session is not to be used again'],
])

/** The driver, as far as its types leave it out. */
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
 * Every server reports its parameters at the login, and the driver listens to its other messages, besides us: where
 * either did not come by, the driver calls it by another name.
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
  /** Its line of callers. */
  readonly _pendingQueue: { readonly callback: DriverCallback }[]
  /** Serves the first of them. */
  _pulseQueue(): void
}

/** Opens a connection. */
export function openClient(pool: pg.Pool, callback: DriverCallback): void {
  const { newClient } = pool as unknown as PoolInternals
  newClient.call(pool, { callback })
}

/**
 * Takes an idle connection, which there must be: at once, and not by the driver's `connect`, which serves with the next
 * tick, by when it may be gone.
 */
export function takeIdleClient(pool: pg.Pool): pg.PoolClient | undefined {
  const internals = pool as unknown as PoolInternals
  internals._pendingQueue.push(taking)
  internals._pulseQueue()
  const { taken } = taking
  taking.taken = undefined
  return taken
}

/** Who takes one at once, in the driver's line. One for all, because this is on the path of every query. */
const taking: { readonly callback: DriverCallback; taken: pg.PoolClient | undefined } = {
  callback: (_error, client) => {
    taking.taken = client
  },
  taken: undefined,
}

/** Runs a query of our own class. The pool gives it its callback, and a promise back. */
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

/** What the server reports of its own accord, and what it refuses. */
interface ServerMessages {
  /** At the login, and at every change. */
  readonly parameterStatus: { readonly parameterName: string; readonly parameterValue: string }
  /** The tag of a command that was carried out. */
  readonly commandComplete: { readonly text: string }
  /** Before the driver hears of it. */
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

/** What the driver begins a session with. The method is to be overridden; this is the driver's own. */
export function driverStartupConf(client: pg.Client): Readonly<Record<string, string>> {
  const ofDriver = Reflect.get(pg.Client.prototype, 'getStartupConf') as () => Readonly<Record<string, string>>
  return ofDriver.call(client)
}

/**
 * Whether the server has answered all that was sent. After a failed statement it tells the session's state a little
 * later.
 */
export function isSettled(client: pg.Client): boolean {
  const { readyForQuery, _queryQueue } = client as unknown as ClientInternals
  return readyForQuery && _queryQueue.length === 0
}

/** Whether a session that is open owes an answer. */
export function owesAnswer(client: pg.Client): boolean {
  const { _connected, readyForQuery } = client as unknown as ClientInternals
  return _connected && !readyForQuery
}

/** Whether its socket has not been connected yet. */
export function isConnecting(client: pg.Client): boolean {
  return (client.connection.stream as Socket).connecting
}

/** Bytes that came and went. */
export function bytesOf(client: pg.Client): number {
  const { bytesRead, bytesWritten } = client.connection.stream as Socket
  return bytesRead + bytesWritten
}

/** The text of the statement that the server answers. */
export function textInFlight(client: pg.Client): string | undefined {
  const text = (client as unknown as ClientInternals)._activeQuery?.text
  return typeof text === 'string' ? text : undefined
}

/** Whether what the server answers is read at the pace of somebody else's code: a cursor, a stream of COPY. */
export function isStreaming(client: pg.Client): boolean {
  const query = (client as unknown as ClientInternals)._activeQuery
  return Boolean(query) && !(query instanceof driver.Query)
}

/** Calls `listener` with each text before it is sent; one that the session keeps by name is sent once. */
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

/**
 * The end of a query; the time is of `performance.now()`. Of a text of several statements there are several answers.
 */
export type QueryEnd = (
  endedAt: number,
  error: Error | undefined,
  answer: pg.QueryResult | readonly pg.QueryResult[] | undefined,
) => void

type QueryCallback = (error: Error | null | undefined, answer?: pg.QueryResult) => void

/** What the driver takes for a query, besides its text. */
interface GivenQuery {
  callback?: QueryCallback | undefined
  readonly submit?: unknown
}

/**
 * Calls `begin` with each query that the session is given, and what that returns at its end, when whoever gave it has
 * the answer. Where it returns nothing, nothing is done about that query.
 */
export function watchQueries(client: pg.Client, begin: (query: unknown) => QueryEnd | undefined): void {
  const { prototype } = pg.Client as unknown as { prototype: { query(...given: unknown[]): unknown } }
  function query(this: pg.Client, given: GivenQuery | string, values?: unknown, last?: QueryCallback): unknown {
    const send = prototype.query // looked up each time: tools that trace put theirs in its place, early or late
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

/** Of a query of somebody else's class (a cursor, a stream of COPY), which has methods and no callback. */
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

/** Lets the driver prepare all statements anew. */
export function forgetStatements({ connection }: pg.Client): void {
  Object.assign(connection, { parsedStatements: {} })
}

/** Lets a session be sent a statement before it has answered the last one, each under its own Sync; or ends that. */
export function setPipelined(client: pg.ClientBase, isPipelined: boolean): void {
  Object.assign(client, { pipeline: isPipelined })
}

/** By what the server finds a session whose statement is to be canceled. */
export function backendKeyOf(client: pg.Client): { readonly processID: number; readonly secretKey: number } {
  const { processID, secretKey } = client as unknown as ClientInternals
  return { processID, secretKey }
}

// One statement.

/** One connection as a query writes to it. */
export interface Wire {
  parse(message: { readonly name: string; readonly text: string }): void
  bind(message: { readonly statement: string; readonly values: readonly Parameter[] }): void
  describe(message: { readonly type: 'P'; readonly name: string }): void
  execute(message: { readonly portal: string }): void
  close(message: { readonly type: 'S'; readonly name: string }): void
  sync(): void
  /** Statements that the session knows by name. */
  readonly parsedStatements: Record<string, string>
  /** Those that were sent to it, and not answered yet. */
  readonly submittedNamedStatements: Record<string, string>
}

type RowMode = 'array' | undefined

/** The values of a row as they came. */
export interface DataRow {
  readonly fields: readonly (string | null)[]
}

/** A result while its rows come in. */
export interface DriverResult {
  fields: readonly pg.FieldDef[]
  readonly rowAsArray: boolean
  /** Parsers of values. */
  readonly _types: object
  /** Those of its fields, in their order. */
  readonly _parsers: readonly ((value: string) => unknown)[] | undefined
  addFields(fields: readonly pg.FieldDef[]): void
  /** The row of these values: a record, or an array. */
  parseRow(values: DataRow['fields']): unknown
  addRow(row: unknown): void
}
export const DriverResult = driver.Result

/** A query, with the methods that it is driven by, and what it keeps for them. */
export interface DriverQuery extends pg.Submittable {
  readonly text: string
  queryMode: 'extended' | undefined
  callback: (error: Error | null, result: pg.QueryResult) => void
  _result: DriverResult
  /** The same, or all results of a text with several statements. */
  _results: DriverResult
  /** The form of the rows of each further result. */
  _rowMode: RowMode
  /** What could not be read in a row. It is told when the server has finished. */
  _canceledDueToError: unknown
  /** Whether it goes in the extended protocol. */
  requiresPreparation(): boolean
  prepare(connection: Wire): void
  handleDataRow(message: DataRow): void
  handleCommandComplete(message: object, connection: Wire): void
  handleCopyInResponse(connection: Wire): void
  handleError(error: Error, connection: Wire): void
}
export const DriverQuery = driver.Query

/** The same connection, but that it asks for no description. */
export function undescribed(connection: Wire): Wire {
  return Object.create(connection, { describe: { value: () => {} } }) as Wire
}

/** A value as it is sent. */
export type Parameter = string | Buffer | null

/** A value as the driver sends it. */
export const toParameter = (value: unknown): Parameter => driver.utils.prepareValue(value)
