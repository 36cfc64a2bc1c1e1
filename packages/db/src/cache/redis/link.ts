import { randomUUID } from 'node:crypto'
import { fullJitter, type Logger, settlesWithin, withDeadline } from '@miyabi/core'
import { CommandClock } from './clock.js'
import type { ConnectRedis, RedisCommands } from './commands.js'
import { troubleOf } from './trouble.js'

/** Delays between connection attempts, from the first failure on, in milliseconds. */
const BACKOFF = { initialMs: 50, maxMs: 1000 }
/** Time limit until tags are received, in milliseconds. */
const CONNECT_MS = 1_000
/** Interval between checks that the subscription works, in milliseconds. */
const ASK_EVERY_MS = 500

/** The dependencies of a link. */
export interface LinkParts {
  readonly connect: ConnectRedis
  /** The channel that carries all messages. */
  readonly channel: string
  readonly heard: (message: string) => void
  /** Called when Redis responds again. */
  readonly back: () => void
  readonly failed: () => void
  readonly timeoutMs: number
  readonly logger: Logger
}

/**
 * The one connection to Redis, which carries both commands and raised tags: both work, or neither. A command that times
 * out counts as a lost connection, so a caller waits at most for the time of one command, once. Until another
 * connection responds, no caller waits.
 */
export class RedisLink {
  readonly #parts: LinkParts
  readonly #clock: CommandClock
  #commands: RedisCommands | undefined
  #connecting: Promise<void> | undefined
  #failures = 0
  #retry: NodeJS.Timeout | undefined
  #asking: NodeJS.Timeout | undefined
  #onEcho: (() => void) | undefined
  #isClosed = false

  constructor(parts: LinkParts) {
    this.#parts = parts
    this.#clock = new CommandClock(parts.timeoutMs, () => this.#lose(new Error('no response in time')))
  }

  /** Identifies the connection; undefined while there is none. */
  get token(): unknown {
    return this.#commands
  }

  /** Identifies the server of the connection. */
  get server(): string {
    return this.#commands?.server ?? ''
  }

  /** Connects, unless connected or connecting. Resolves when connected, or after the time limit of one command. */
  async open(): Promise<void> {
    if (this.#commands || this.#isClosed || this.#retry) return
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined
    })
    await settlesWithin(this.#parts.timeoutMs, this.#connecting)
  }

  /** Runs commands. Resolves to undefined if they fail, time out, or there is no connection. Never rejects. */
  async ask<T>(work: (commands: RedisCommands) => Promise<T>): Promise<T | undefined> {
    const commands = this.#commands
    if (!commands) {
      void this.open()
      return undefined
    }
    try {
      return await this.#clock.watch(work(commands))
    } catch {
      this.#parts.failed()
      return undefined
    }
  }

  /** Runs commands. @throws if they fail, time out, or there is no connection. */
  async certain<T>(work: (commands: RedisCommands) => Promise<T>): Promise<T> {
    const commands = this.#commands
    if (!commands) {
      void this.open()
      throw new Error('Redis cannot be reached')
    }
    return this.#clock.watch(work(commands))
  }

  close(): void {
    this.#isClosed = true
    this.#end()
    clearTimeout(this.#retry)
  }

  async #connect(): Promise<void> {
    const { connect, channel, heard, back, logger } = this.#parts
    const own = `${channel}:${randomUUID()}`
    const attempt = new AbortController()
    let commands: RedisCommands | undefined
    let lost: Error | undefined
    const connecting = async (): Promise<RedisCommands> => {
      const connected = await connect((error) => {
        lost = error
        if (commands === this.#commands) this.#lose(error)
      }, attempt.signal)
      await connected.subscribe(channel, heard)
      await connected.subscribe(own, () => this.#onEcho?.())
      return connected
    }
    try {
      // A server that hangs accepts the connection, but does not respond.
      commands = await withDeadline({ ms: CONNECT_MS, onTimeout: () => new Error('no response in time') }, connecting)
      if (lost || this.#isClosed) throw lost ?? new Error('closed')
      this.#commands = commands
      if (this.#failures > 0) logger.info({ event: 'db.cache.redis_back' }, 'Redis is reachable again')
      this.#failures = 0
      this.#askSoon(own)
      back()
    } catch (error) {
      attempt.abort()
      this.#later(error)
    }
  }

  /** Sends a message to itself: a server that hangs keeps its connections open. */
  #askSoon(own: string): void {
    this.#asking = setTimeout(() => {
      const echo = new Promise<void>((resolve) => {
        this.#onEcho = resolve
      })
      void this.ask(async (commands) => {
        await commands.publish(own, '')
        await echo
      }).then(() => {
        if (this.#commands) this.#askSoon(own)
      })
    }, ASK_EVERY_MS)
    this.#asking.unref()
  }

  #lose(error: Error): void {
    if (!this.#commands) return
    this.#parts.failed()
    this.#end()
    this.#later(error)
  }

  #end(): void {
    const commands = this.#commands
    this.#commands = undefined
    clearTimeout(this.#asking)
    this.#clock.cut()
    commands?.destroy()
  }

  #later(error: unknown): void {
    if (this.#isClosed || this.#retry) return
    if (this.#failures === 0) {
      this.#parts.logger.warn({ event: 'db.cache.redis_lost', error }, `Redis is unreachable: ${troubleOf(error)}`)
    }
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined
        void this.open()
      },
      fullJitter(this.#failures++, BACKOFF) + 10,
    )
    this.#retry.unref()
  }
}
