import { randomUUID } from 'node:crypto'
import { fullJitter, type Logger, settlesWithin, withDeadline } from '@miyabi/core'
import { CommandClock } from './clock.js'
import type { ConnectRedis, RedisCommands } from './commands.js'
import { troubleOf } from './trouble.js'

/** Between two attempts to connect, from the first failure on. In milliseconds. */
const BACKOFF = { initialMs: 50, maxMs: 1000 }
/** How long it may take until tags are heard. In milliseconds. */
const CONNECT_MS = 1_000
/** How often the subscription is asked whether it hears. In milliseconds. */
const ASK_EVERY_MS = 500

/** What a link needs. */
export interface LinkParts {
  readonly connect: ConnectRedis
  /** All that is told over it. */
  readonly channel: string
  readonly heard: (message: string) => void
  /** It answers again. */
  readonly back: () => void
  readonly failed: () => void
  readonly timeoutMs: number
  readonly logger: Logger
}

/**
 * The one connection to Redis, over which commands go and tags are heard: both, or neither. A command that is late
 * counts as a connection that is lost, so one command's time is the most that anybody waits, once; until another
 * connection answers, nobody is made to wait.
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

  /** Of the connection; undefined while there is none. */
  get token(): unknown {
    return this.#commands
  }

  /** Of the server behind it. */
  get server(): string {
    return this.#commands?.server ?? ''
  }

  /** Connects, unless that is done or under way. Resolves then, or after the time of one command. */
  async open(): Promise<void> {
    if (this.#commands || this.#isClosed || this.#retry) return
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined
    })
    await settlesWithin(this.#parts.timeoutMs, this.#connecting)
  }

  /** Runs commands; undefined where they fail, are late, or nobody can be asked. Never rejects. */
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

  /** @throws where they fail, are late, or nobody can be asked. */
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
      // A server that hangs takes the connection, and says nothing.
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

  /** Hears itself: a server that hangs keeps its connections. */
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
