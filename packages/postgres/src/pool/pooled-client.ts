import pg from 'pg'
import { PostgresError } from '../errors/errors.js'
import { noteSocketError } from '../errors/map-error.js'
import { keepText } from '../errors/server-facts.js'
import { assertInternals } from '../internals/check.js'
import {
  backendKeyOf,
  bytesOf,
  driverStartupConf,
  forgetStatements,
  isConnecting,
  isSettled,
  isStreaming,
  onServerMessage,
  onText,
  owesAnswer,
  sessionCheck,
  textInFlight,
  watchQueries,
} from '../internals/pg.js'
import type { StatementTelling } from '../observe/statement-telling.js'
import { currentMoment, type Moment } from './moment.js'
import { longestTimeoutIn } from './timeout-in-text.js'

/**
 * A server or network that does not respond could delay an orderly close for minutes; after this time the socket is
 * destroyed.
 */
const GOODBYE_LIMIT_MS = 1000

/** Names of the same time zone. */
const UTC = new Set(['UTC', 'UCT', 'Universal', 'Zulu', 'GMT'])

/**
 * Whether a prepared statement was rejected because its table was altered, so that it would return other columns.
 * Nothing was done, and this session would continue to reject it. SQLSTATE 0A000 has many causes; the server's source
 * function identifies this one.
 */
export function isStale(error: unknown): boolean {
  const { code, routine } = Object(error) as pg.DatabaseError
  return code === '0A000' && routine === 'RevalidateCachedQuery'
}

/**
 * Whether a statement was rejected because the session no longer knows it by name: a text contained DEALLOCATE or
 * DISCARD ALL. The driver would continue to use the name, for any caller. An EXECUTE in a text may be the cause as
 * well; its transaction was rolled back.
 */
export function isForgotten(error: unknown): boolean {
  return (Object(error) as pg.DatabaseError).code === '26000'
}

/**
 * The server's command tags for a session that has discarded one or all prepared statements: DEALLOCATE, DISCARD ALL.
 */
const FORGETS = /^(DEALLOCATE|DISCARD ALL)/

/** The options shared by all connections of a pool. */
export interface PooledClientConfig extends pg.ClientConfig {
  /** How long opening may take. Not under the driver's name, by which its pool would limit its queue. */
  readonly connectTimeoutMs: number
  /** Every connection that has a socket, including those being opened. */
  readonly sockets: Set<PooledClient>
  /** Receives the statements of connections in use. */
  readonly telling?: StatementTelling
}

/** A connection of a pool: the driver's client, extended to know its session's settings and to always terminate. */
export class PooledClient extends pg.Client {
  /** When it was created. */
  readonly madeAt = performance.now()
  /** When it was last used. */
  lastUsed: Moment = currentMoment()
  /** Set if no other caller may get it. */
  isSpent = false
  /** Whether a caller has it, and what it was released with. */
  isLeased = false
  releasedWith: unknown
  /** The longest limit on statements that a text set for this session, in milliseconds. */
  ownTimeoutMs = 0
  #timeZone: string | undefined
  #isStandby = false
  #hasReported = false

  constructor(config: PooledClientConfig) {
    // Through the prototype, because the pool keeps the password in a property that a copy would lose.
    super(Object.create(config, { connectionTimeoutMillis: { value: config.connectTimeoutMs } }) as pg.ClientConfig)
    // A connection that breaks while in use emits 'error'. Without a listener, that would end the process.
    this.on('error', () => {})
    // The server reports these unprompted, at login and at every change: knowing them costs no round trip.
    onServerMessage(this, 'parameterStatus', (status) => {
      this.#hasReported = true
      if (status.parameterName === 'TimeZone') this.#timeZone = status.parameterValue
      if (status.parameterName === 'in_hot_standby') this.#isStandby = status.parameterValue === 'on'
    })
    // Statements that a session discarded are prepared again. `charCodeAt` first, because this is on the path of every
    // statement.
    onServerMessage(this, 'commandComplete', ({ text }) => {
      if (text.charCodeAt(0) === 68 && FORGETS.test(text)) forgetStatements(this)
    })
    // Before the driver's own listener: a rejected write is worth retrying, elsewhere, only if a standby rejected it.
    onServerMessage(this, 'errorMessage', (error) => {
      if (this.#isStandby) Object.assign(error, { standby: true })
      if (isForgotten(error) || isStale(error)) this.isSpent = true
      const text = textInFlight(this)
      if (text !== undefined) keepText(error, text)
    })
    // A limit for one transaction counts for the whole session: overestimating a limit is harmless.
    onText(this, (text) => {
      const ms = longestTimeoutIn(text)
      if (ms > this.ownTimeoutMs) this.ownTimeoutMs = ms
    })
    const { telling } = config
    if (telling) watchQueries(this, (query) => (telling.isHeard && this.isLeased ? telling.begin(query) : undefined))
    // A login that fails on this side (no password available) leaves the socket open, and the server waiting for a
    // minute.
    this.connection.once('error', (error: Error) => {
      noteSocketError(error)
      this.destroy()
    })
    config.sockets.add(this)
    this.once('end', () => config.sockets.delete(this))
  }

  /**
   * The startup parameters of the session; the driver's types omit them. The time zone is a separate parameter, not one
   * of `options`, because poolers that reject or drop `options` support and keep it.
   */
  getStartupConf(): Readonly<Record<string, string>> {
    return { ...driverStartupConf(this), TimeZone: 'UTC' }
  }

  /** Whether the session's time zone is UTC, as Prisma's adapter requires. */
  get isUtc(): boolean {
    return this.#timeZone === undefined || UTC.has(this.#timeZone.replace(/^Etc\//, ''))
  }

  /**
   * Whether the session looks new to the next user: no open transaction, the time zone unchanged. As far as the server
   * has reported: see `isSettled`.
   */
  get isClean(): boolean {
    const status = this.getTransactionStatus()
    return (status === null || status === 'I') && this.isUtc && !this.isSpent
  }

  /**
   * Whether the server has answered everything that was sent. After a failed statement it reports the session's state
   * slightly later.
   */
  get isSettled(): boolean {
    return isSettled(this)
  }

  /** Whether there is no connection yet over which a login could run. */
  get isConnecting(): boolean {
    return isConnecting(this)
  }

  /** Whether the server owes an answer. */
  get owesAnswer(): boolean {
    return owesAnswer(this)
  }

  /** Bytes received and sent. */
  get bytes(): number {
    return bytesOf(this)
  }

  /** The key by which the server identifies the session. */
  get serverPid(): number {
    return backendKeyOf(this).processID
  }

  /** The request that the server must answer. */
  get inFlight(): { readonly text: string | undefined; readonly isOpenEnded: boolean } {
    return { text: textInFlight(this), isOpenEnded: isStreaming(this) }
  }

  /**
   * @throws {PostgresError} `postgres.internals_missing` if the driver keeps or reports less of a session than is
   *   needed.
   */
  assertInternals(): void {
    assertInternals(sessionCheck(this, this.#hasReported))
  }

  /** @throws {PostgresError} `postgres.time_zone` if the session ignored the requested time zone. */
  assertUtc(): void {
    if (this.isUtc) return
    throw new PostgresError(
      'postgres.time_zone',
      `The session's time zone is ${this.#timeZone}, not UTC: every instant would be shifted`,
    )
  }

  /** Destroys the socket without an orderly close; callers waiting for an answer get `reason`. */
  destroy(reason?: Error): void {
    this.connection.stream.destroy(reason)
  }

  override end(): Promise<void>
  override end(callback: (error: Error) => void): void
  override end(callback?: (error: Error) => void): Promise<void> | undefined {
    const timer = setTimeout(() => this.destroy(), GOODBYE_LIMIT_MS)
    timer.unref()
    this.once('end', () => clearTimeout(timer))
    if (!callback) return super.end()
    super.end(callback)
    return undefined
  }
}
