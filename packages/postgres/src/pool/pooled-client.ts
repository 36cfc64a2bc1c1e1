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

/** A server or a network that answers nothing could hold a polite goodbye for minutes; after this the socket is cut. */
const GOODBYE_LIMIT_MS = 1000

/** Names of one and the same time zone. */
const UTC = new Set(['UTC', 'UCT', 'Universal', 'Zulu', 'GMT'])

/**
 * Whether a prepared statement was refused because its table has been altered, so that it would answer with other
 * columns. Nothing was done, and this session would go on to refuse it. SQLSTATE 0A000 is that of many things; the
 * server's source names this one.
 */
export function isStale(error: unknown): boolean {
  const { code, routine } = Object(error) as pg.DatabaseError
  return code === '0A000' && routine === 'RevalidateCachedQuery'
}

/**
 * Whether a statement was refused because the session knows it no more by its name: somebody's text was DEALLOCATE or
 * DISCARD ALL. The driver would go on to name it, whoever asks. An EXECUTE in a text may be meant as well; what it was
 * part of was rolled back.
 */
export function isForgotten(error: unknown): boolean {
  return (Object(error) as pg.DatabaseError).code === '26000'
}

/**
 * The server's word that a session has forgotten statements, one or all, because some text said so: DEALLOCATE, DISCARD
 * ALL.
 */
const FORGETS = /^(DEALLOCATE|DISCARD ALL)/

/** What every connection of a pool is made from. */
export interface PooledClientConfig extends pg.ClientConfig {
  /** How long opening may take. Under a name of our own: the driver's pool would bind its queue by its own. */
  readonly connectTimeoutMs: number
  /** Every connection that has a socket, those being opened included. */
  readonly sockets: Set<PooledClient>
  /** Is told of the statements of those who have it. */
  readonly telling?: StatementTelling
}

/**
 * One connection of a pool: the driver's client, which also knows its session's settings and always comes to an end.
 */
export class PooledClient extends pg.Client {
  /** When it was made. */
  readonly madeAt = performance.now()
  /** When it was last in use. */
  lastUsed: Moment = currentMoment()
  /** Set where nobody else may have it. */
  isSpent = false
  /** Whether a caller has it, and what they released it with. */
  isLeased = false
  releasedWith: unknown
  /** The longest limit on statements that a text gave this session, in milliseconds. */
  ownTimeoutMs = 0
  #timeZone: string | undefined
  #isStandby = false
  #hasReported = false

  constructor(config: PooledClientConfig) {
    // Through the prototype, because the pool keeps the password in a property that a copy would lose.
    super(Object.create(config, { connectionTimeoutMillis: { value: config.connectTimeoutMs } }) as pg.ClientConfig)
    // A connection that breaks while it is handed out emits 'error'. With nobody listening, that would end the process.
    this.on('error', () => {})
    // The server reports these of its own accord, at login and at every change: knowing them costs no round trip.
    onServerMessage(this, 'parameterStatus', (status) => {
      this.#hasReported = true
      if (status.parameterName === 'TimeZone') this.#timeZone = status.parameterValue
      if (status.parameterName === 'in_hot_standby') this.#isStandby = status.parameterValue === 'on'
    })
    // What a session forgot is prepared anew. `charCodeAt` first, because this is on the path of every statement.
    onServerMessage(this, 'commandComplete', ({ text }) => {
      if (text.charCodeAt(0) === 68 && FORGETS.test(text)) forgetStatements(this)
    })
    // Ahead of the driver's own listener: a refused write is worth another try, elsewhere, only where a standby refused
    // it.
    onServerMessage(this, 'errorMessage', (error) => {
      if (this.#isStandby) Object.assign(error, { standby: true })
      if (isForgotten(error) || isStale(error)) this.isSpent = true
      const text = textInFlight(this)
      if (text !== undefined) keepText(error, text)
    })
    // What lasts for one transaction alone counts for the whole session: a limit taken for too long is no harm.
    onText(this, (text) => {
      const ms = longestTimeoutIn(text)
      if (ms > this.ownTimeoutMs) this.ownTimeoutMs = ms
    })
    const { telling } = config
    if (telling) watchQueries(this, (query) => (telling.isHeard && this.isLeased ? telling.begin(query) : undefined))
    // A login that fails on this side (no password to be had) leaves the socket open, and the server waiting for a
    // minute.
    this.connection.once('error', (error: Error) => {
      noteSocketError(error)
      this.destroy()
    })
    config.sockets.add(this)
    this.once('end', () => config.sockets.delete(this))
  }

  /**
   * What the session begins with; the driver's types leave it out. The time zone is a parameter of its own, and not one
   * of `options`, because poolers that refuse or drop `options` understand it and keep it.
   */
  getStartupConf(): Readonly<Record<string, string>> {
    return { ...driverStartupConf(this), TimeZone: 'UTC' }
  }

  /** Whether the session's time zone is UTC, as Prisma's adapter needs it. */
  get isUtc(): boolean {
    return this.#timeZone === undefined || UTC.has(this.#timeZone.replace(/^Etc\//, ''))
  }

  /**
   * Whether the next user would find the session as a new one: no transaction open, the time zone untouched. As far as
   * the server has told: see `isSettled`.
   */
  get isClean(): boolean {
    const status = this.getTransactionStatus()
    return (status === null || status === 'I') && this.isUtc && !this.isSpent
  }

  /**
   * Whether the server has answered all that was sent. After a failed statement it tells the session's state a little
   * later.
   */
  get isSettled(): boolean {
    return isSettled(this)
  }

  /** Whether there is no connection yet that a login could go over. */
  get isConnecting(): boolean {
    return isConnecting(this)
  }

  /** Whether the server owes an answer. */
  get owesAnswer(): boolean {
    return owesAnswer(this)
  }

  /** Bytes that came and went. */
  get bytes(): number {
    return bytesOf(this)
  }

  /** By what the server knows the session. */
  get serverPid(): number {
    return backendKeyOf(this).processID
  }

  /** What the server is to answer. */
  get inFlight(): { readonly text: string | undefined; readonly isOpenEnded: boolean } {
    return { text: textInFlight(this), isOpenEnded: isStreaming(this) }
  }

  /**
   * @throws {PostgresError} `postgres.internals_missing` where the driver keeps, or passes on, less than is needed of a
   * session.
   */
  assertInternals(): void {
    assertInternals(sessionCheck(this, this.#hasReported))
  }

  /** @throws {PostgresError} `postgres.time_zone` where the session ignored the time zone that was asked for. */
  assertUtc(): void {
    if (this.isUtc) return
    throw new PostgresError(
      'postgres.time_zone',
      `The session's time zone is ${this.#timeZone}, not UTC: every instant would be shifted`,
    )
  }

  /** Cuts the socket without a goodbye; `reason` is what those hear who wait for an answer. */
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
