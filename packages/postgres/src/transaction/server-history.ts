/** How long a known history counts as recent. In milliseconds. */
const RECENT_MS = 30_000

/**
 * The server that a pool connects to, and the timeline it writes: if it is the same before and after a transaction, no
 * other server has replaced it in the meantime, and no commit was lost with it.
 */
const HISTORY = `SELECT (SELECT system_identifier::text FROM pg_control_system()) || '/' ||
  left(pg_walfile_name(pg_current_wal_lsn()), 8) AS history`

/** The same as a column, in another query. */
export const HISTORY_COLUMN = `(${HISTORY})`

/** Keeps the known history of the server behind a pool. Costs a query every half minute while it is needed. */
export class ServerHistory {
  readonly #ask: (text: string) => Promise<{ readonly rows: readonly { readonly history?: string }[] }>
  #known: string | undefined
  #learnedAt = Number.NEGATIVE_INFINITY
  #learning: Promise<void> | undefined

  constructor(ask: (text: string) => Promise<{ readonly rows: readonly { readonly history?: string }[] }>) {
    this.#ask = ask
  }

  /** The history at the last query; undefined if there was none, or if the server does not report it. */
  get known(): string | undefined {
    return this.#known
  }

  /** Queries it, unless that was done recently. Never rejects: without an answer, outcomes stay unknown. */
  learn(): Promise<void> {
    if (performance.now() - this.#learnedAt < RECENT_MS) return Promise.resolve()
    this.#learning ??= this.#learn().finally(() => {
      this.#learning = undefined
    })
    return this.#learning
  }

  async #learn(): Promise<void> {
    try {
      const { rows } = await this.#ask(HISTORY)
      this.#known = rows[0]?.history
      this.#learnedAt = performance.now()
    } catch {
      this.#known = undefined // a server that lacks such a function, or does not answer
    }
  }
}
