import { statementsIn } from './statements-in.js'

/** How often connections are looked at. */
const LOOK_MS = 500
/** How much longer than the server's own limit on a statement its answer may take: to end it, and on the way. */
const MARGIN_MS = 3000
/** Where the server has no limit: when it is asked whether it is still at work, and how often again. */
const ASK_MS = 10_000
/** So many questions in a row that are not answered mean that nothing will be. */
const UNANSWERED = 3

/** A connection as far as it is watched. */
export interface Watchable {
  /** Whether the server owes an answer. */
  readonly owesAnswer: boolean
  /** Bytes that came and went. */
  readonly bytes: number
  /** What it was sent last; `isOpenEnded`: whose turn it is only the reader knows, as with a cursor. */
  readonly inFlight: { readonly text: string | undefined; readonly isOpenEnded: boolean }
  /** The longest limit on statements that a text gave this session, in milliseconds. */
  readonly ownTimeoutMs: number
  /** By what the server knows the session. */
  readonly serverPid: number
}

/** What a watch needs of its pool. */
export interface SilenceWatchOptions<Client extends Watchable> {
  readonly clients: Iterable<Client>
  readonly isInUse: () => boolean
  /** The server's limit on a statement, in milliseconds. 0: none. */
  readonly statementTimeoutMs: number
  /** Which of these sessions are still at work, as the server says; rejects where it does not answer. */
  readonly askServer: (serverPids: readonly number[]) => Promise<ReadonlySet<number>>
  /** Ends a connection that owes an answer and gives none, so that what waits for it fails. */
  readonly onSilent: (client: Client, silentMs: number) => void
}

interface Silence {
  readonly bytes: number
  ms: number
  askAtMs: number
  unanswered: number
}

/**
 * Ends the waits that nobody else ends. The server ends statements at its own limit, and then answers; where no byte
 * has come or gone for longer, there is no server any more, or no way to it. Sessions without a limit are asked after,
 * over another connection.
 *
 * One timer for a pool, which looks at what is in use; statements cost nothing. Time is counted in looks, so that a
 * process which did not get to run does not take its own absence for silence.
 */
export class SilenceWatch<Client extends Watchable> {
  readonly #options: SilenceWatchOptions<Client>
  readonly #silences = new WeakMap<Client, Silence>()
  #timer: NodeJS.Timeout | undefined
  #isAsking = false

  constructor(options: SilenceWatchOptions<Client>) {
    this.#options = options
  }

  /** A connection is in use. */
  wake(): void {
    this.#timer ??= setInterval(() => this.look(), LOOK_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Looks at every connection once. */
  look(): void {
    if (!this.#options.isInUse()) {
      this.stop()
      return
    }
    const due: Client[] = []
    for (const client of this.#options.clients) {
      const silence = this.#silenceOf(client)
      if (!silence) continue
      const limitMs = this.#limitOf(client)
      if (silence.ms >= limitMs + MARGIN_MS) this.#cut(client, silence)
      else if (limitMs === Number.POSITIVE_INFINITY && silence.ms >= silence.askAtMs) due.push(client)
    }
    if (due.length > 0 && !this.#isAsking) void this.#ask(due)
  }

  /**
   * How long it has been silent, this look included; undefined where it owes nothing, or was heard of since the last
   * look.
   */
  #silenceOf(client: Client): Silence | undefined {
    const before = client.owesAnswer ? this.#silences.get(client) : undefined
    if (before && before.bytes === client.bytes) {
      before.ms += LOOK_MS
      return before
    }
    if (client.owesAnswer) this.#silences.set(client, { bytes: client.bytes, ms: 0, askAtMs: ASK_MS, unanswered: 0 })
    else this.#silences.delete(client)
    return undefined
  }

  /** Of all that one text has: the server counts anew for each of its statements. */
  #limitOf({ inFlight, ownTimeoutMs }: Client): number {
    const { statementTimeoutMs } = this.#options
    if (statementTimeoutMs === 0 || inFlight.isOpenEnded) return Number.POSITIVE_INFINITY
    return Math.max(statementTimeoutMs, ownTimeoutMs) * statementsIn(inFlight.text ?? '')
  }

  async #ask(due: readonly Client[]): Promise<void> {
    this.#isAsking = true
    const atWork = await this.#options.askServer(due.map(({ serverPid }) => serverPid)).catch(() => undefined)
    this.#isAsking = false
    for (const client of due) {
      const silence = this.#silences.get(client)
      if (!silence) continue
      silence.unanswered = atWork ? 0 : silence.unanswered + 1
      if (atWork ? !atWork.has(client.serverPid) : silence.unanswered >= UNANSWERED) this.#cut(client, silence)
      else silence.askAtMs = silence.ms + (atWork ? ASK_MS : 0)
    }
  }

  /** After one more look at the socket: timers run before what came meanwhile. */
  #cut(client: Client, silence: Silence): void {
    setImmediate(() => {
      if (client.owesAnswer && client.bytes === silence.bytes) this.#options.onSilent(client, silence.ms)
    })
  }
}
