import { fullJitter, type Logger, safeCause } from '@miyabi/core'
import type { Line, LineEvents } from '@miyabi/postgres'

/** Between two attempts to connect, from the first failure on. In milliseconds. */
const BACKOFF = { initialMs: 50, maxMs: 2000 }
/** At most one statement in this time tells others, in milliseconds. */
const TELL_EVERY_MS = 20
/** What is told of one channel at once; more is told as one word without a payload. */
const MOST_AT_ONCE = 200

/** Who listens to a channel. */
export interface ChannelListener {
  /** Another process said this; '' where it had too much to say. */
  heard(payload: string): void
  /** Others are heard from now on, or not any more. What was said before was missed either way. */
  changed(isHearing: boolean): void
}

/**
 * The one connection over which a process listens to others and tells them, shared by all who have something to hear.
 * Opened by the first of them; when it is lost, they are told, and it is opened again.
 */
export class Listener {
  readonly #openLine: (events: LineEvents) => Promise<Line>
  readonly #logger: Logger
  readonly #listeners = new Map<string, Set<ChannelListener>>()
  /** Channels that the line listens to. */
  readonly #heard = new Set<string>()
  /** What is to be told, by channel. */
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

  /** Whether what other processes say on a channel is heard at this moment. */
  isHearing(channel: string): boolean {
    return this.#heard.has(channel)
  }

  /** @returns stops listening. */
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
   * Tells other processes, in a moment and at most once in 20 ms. Neither waits nor throws; what cannot be told now is
   * told once the line is back.
   */
  tell(channel: string, payload = ''): void {
    if (this.#isClosed) return
    const said = this.#pending.get(channel) ?? new Set()
    this.#pending.set(channel, said.size < MOST_AT_ONCE ? said.add(payload) : new Set(['']))
    if (this.#line) this.#tellSoon(this.#line)
    else void this.#open()
  }

  /** Tells what is left to tell, and ends the line. Always resolves. */
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

  /** Opens the line where there is none, and listens to what it does not listen to yet. */
  async #open(): Promise<void> {
    if (this.#isOpening || this.#retry || this.#isClosed) return
    this.#isOpening = true
    try {
      const line = this.#line ?? (await this.#connect())
      // Until none is left: more may be asked for while one is on its way.
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
    if (this.#failures > 0) this.#logger.info({ event: 'db.listener_back' }, 'other processes are heard again')
    this.#failures = 0
    this.#line = line
    return line
  }

  #openLater(error: unknown): void {
    if (this.#isClosed || this.#retry) return
    if (this.#failures === 0) {
      const { message } = safeCause(error)
      this.#logger.warn({ event: 'db.listener_lost', error }, `other processes are not heard: ${message}`)
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
      // Told again over the next line: whether it was heard is not known.
      for (const { channel, payload } of said) this.tell(channel, payload)
    }
  }
}
