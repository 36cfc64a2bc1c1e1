import { statementsIn } from './statements-in.js'

/** How often connections are checked. */
const LOOK_MS = 500
/**
 * How much longer than the server's statement limit an answer may take: for ending the statement, and for transmission.
 */
const MARGIN_MS = 3000
/** If the server has no limit: when it is first asked whether it is still working, and the interval after that. */
const ASK_MS = 10_000
/** After this many consecutive unanswered requests, none will be answered. */
const UNANSWERED = 3

/** The watched properties of a connection. */
export interface Watchable {
  /** Whether the server owes an answer. */
  readonly owesAnswer: boolean
  /** Bytes received and sent. */
  readonly bytes: number
  /** The last text sent; `isOpenEnded`: only the reader knows whose turn it is, as with a cursor. */
  readonly inFlight: { readonly text: string | undefined; readonly isOpenEnded: boolean }
  /** The longest limit on statements that a text set for this session, in milliseconds. */
  readonly ownTimeoutMs: number
  /** The key by which the server identifies the session. */
  readonly serverPid: number
}

/** The pool's functions that a watch needs. */
export interface SilenceWatchOptions<Client extends Watchable> {
  readonly clients: Iterable<Client>
  readonly isInUse: () => boolean
  /** The server's limit on a statement, in milliseconds. 0: none. */
  readonly statementTimeoutMs: number
  /** Which of these sessions are still working, as reported by the server; rejects if it does not answer. */
  readonly askServer: (serverPids: readonly number[]) => Promise<ReadonlySet<number>>
  /** Closes a connection that owes an answer and gives none, so that its callers fail. */
  readonly onSilent: (client: Client, silentMs: number) => void
}

interface Silence {
  readonly bytes: number
  ms: number
  askAtMs: number
  unanswered: number
}

/**
 * Ends waits that nothing else ends. The server ends statements at its own limit, and then answers; if no byte was
 * transferred for longer, the server is gone or unreachable. Sessions without a limit are queried over another
 * connection.
 *
 * One timer per pool checks the connections in use; statements cost nothing. Time is counted in checks, so that a
 * process that could not run does not mistake its own absence for silence.
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

  /** Checks every connection once. */
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
   * How long it has been silent, including this check; undefined if it owes nothing, or was active since the last
   * check.
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

  /** For all statements of one text: the server counts separately for each of them. */
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

  /** After another check of the socket: timers run before data that arrived in the meantime. */
  #cut(client: Client, silence: Silence): void {
    setImmediate(() => {
      if (client.owesAnswer && client.bytes === silence.bytes) this.#options.onSilent(client, silence.ms)
    })
  }
}
