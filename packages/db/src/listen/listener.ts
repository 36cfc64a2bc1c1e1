import { fullJitter, type Logger, safeCause } from '@miyabi/core'
import type { Line, LineEvents } from '@miyabi/postgres'

/** Between two attempts to connect, from the first failure on. In milliseconds. */
const BACKOFF = { initialMs: 50, maxMs: 2000 }
/** At most one notification per this time, in milliseconds. */
const TELL_EVERY_MS = 20
/** The most payloads sent on one channel together; more are replaced by one notification without a payload. */
const MOST_AT_ONCE = 200

/** A listener of a channel. */
export interface ChannelListener {
  /** Another process sent this; '' if it had too much to send. */
  heard(payload: string): void
  /** Others are received from now on, or no longer. Anything sent before was missed either way. */
  changed(isHearing: boolean): void
}

/**
 * The one connection over which a process receives notifications of others and sends its own, shared by all listeners.
 * Opened by the first of them; when it is lost, they are told, and it is reopened.
 */
export class Listener {
  readonly #openLine: (events: LineEvents) => Promise<Line>
  readonly #logger: Logger
  readonly #listeners = new Map<string, Set<ChannelListener>>()
  /** Channels that the connection listens to. */
  readonly #heard = new Set<string>()
  /** What is to be sent, by channel. */
  readonly #pending = new Map<string, Set<string>>()
  #line: Line | undefined
  #isOpening = false
  #failures = 0
  #isClosed = false
  #retry: NodeJS.Timeout | undefined
  #telling: NodeJS.Timeout | undefined
  #toldAt = Number.NEGATIVE_INFINITY

  /** @param openLine `openLine` of `@miyabi/postgres`, with its settings. */
  constructor(openLine: (events: LineEvents) => Promise<Line>, logger: Logger) {
    this.#openLine = openLine
    this.#logger = logger
  }

  /** Whether notifications of other processes on a channel are currently received. */
  isHearing(channel: string): boolean {
    return this.#heard.has(channel)
  }

  /** @returns a function that stops listening. */
  listen(channel: string, listener: ChannelListener): () => void {
    const others = this.#listeners.get(channel)
    if (others) others.add(listener)
    else this.#listeners.set(channel, new Set([listener]))
    void this.#open()
    return () => {
      this.#listeners.get(channel)?.delete(listener)
    }
  }

  /**
   * Notifies other processes, after a moment and at most once in 20 ms. Neither waits nor throws; what cannot be sent
   * now is sent once the connection is back.
   */
  tell(channel: string, payload = ''): void {
    if (this.#isClosed) return
    const said = this.#pending.get(channel) ?? new Set()
    this.#pending.set(channel, said.size < MOST_AT_ONCE ? said.add(payload) : new Set(['']))
    if (this.#line) this.#tellSoon(this.#line)
    else void this.#open()
  }

  /** Sends what is left, and ends the connection. Always resolves. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    clearTimeout(this.#telling)
    const line = this.#line
    this.#line = undefined
    if (!line) return
    await this.#tell(line)
    await line.close()
  }

  /** Opens the connection if there is none, and listens to channels that it does not listen to yet. */
  async #open(): Promise<void> {
    if (this.#isOpening || this.#retry || this.#isClosed) return
    this.#isOpening = true
    try {
      const line = this.#line ?? (await this.#connect())
      // Until none is left: more channels may be added while one is being subscribed.
      for (const [channel, listeners] of this.#listeners) {
        if (this.#heard.has(channel)) continue
        await line.listen(channel)
        if (this.#line !== line) return
        this.#heard.add(channel)
        for (const listener of listeners) listener.changed(true)
      }
      if (this.#pending.size > 0) this.#tellSoon(line)
    } catch (error) {
      if (!this.#line) this.#openLater(error)
    } finally {
      this.#isOpening = false
    }
  }

  async #connect(): Promise<Line> {
    const line = await this.#openLine({
      onHeard: (channel, payload) => {
        for (const listener of this.#listeners.get(channel) ?? []) listener.heard(payload)
      },
      onLost: (error) => {
        if (this.#line !== line) return
        this.#line = undefined
        this.#openLater(error)
      },
    })
    if (this.#isClosed) {
      await line.close()
      throw new Error('closed')
    }
    if (this.#failures > 0)
      this.#logger.info({ event: 'db.listener_back' }, 'receiving notifications of other processes again')
    this.#failures = 0
    this.#line = line
    return line
  }

  #openLater(error: unknown): void {
    if (this.#isClosed || this.#retry) return
    if (this.#failures === 0) {
      const { message } = safeCause(error)
      this.#logger.warn(
        { event: 'db.listener_lost', error },
        `not receiving notifications of other processes: ${message}`,
      )
    }
    const unheard = [...this.#heard]
    this.#heard.clear()
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined
        void this.#open()
      },
      fullJitter(this.#failures++, BACKOFF),
    )
    this.#retry.unref()
    for (const channel of unheard) for (const listener of this.#listeners.get(channel) ?? []) listener.changed(false)
  }

  #tellSoon(line: Line): void {
    if (this.#telling) return
    const waitMs = Math.max(0, this.#toldAt + TELL_EVERY_MS - performance.now())
    this.#telling = setTimeout(() => {
      this.#telling = undefined
      if (this.#line === line) void this.#tell(line)
    }, waitMs)
  }

  async #tell(line: Line): Promise<void> {
    const said = [...this.#pending].flatMap(([channel, payloads]) =>
      [...payloads].map((payload) => ({ channel, payload })),
    )
    this.#pending.clear()
    this.#toldAt = performance.now()
    if (said.length === 0) return
    try {
      await line.notify(said)
    } catch {
      // Sent again over the next connection: whether it was received is unknown.
      for (const { channel, payload } of said) this.tell(channel, payload)
    }
  }
}
