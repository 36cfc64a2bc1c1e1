/** How long what is known is taken for recent. In milliseconds. */
const RECENT_MS = 30_000

/**
 * Which server a pool leads to, and on which timeline it writes: the same before a transaction and after it means that
 * no other server has taken its place meanwhile, and that none of what was committed was lost with it.
 */
const HISTORY = `SELECT (SELECT system_identifier::text FROM pg_control_system()) || '/' ||
  left(pg_walfile_name(pg_current_wal_lsn()), 8) AS history`

/** The same as a column, beside another question. */
export const HISTORY_COLUMN = `(${HISTORY})`

/** What is known of the history of the server behind a pool. Costs a query every half minute while it is needed. */
export class ServerHistory {
  readonly #ask: (text: string) => Promise<{ readonly rows: readonly { readonly history?: string }[] }>
  #known: string | undefined
  #learnedAt = Number.NEGATIVE_INFINITY
  #learning: Promise<void> | undefined

  constructor(ask: (text: string) => Promise<{ readonly rows: readonly { readonly history?: string }[] }>) {
    this.#ask = ask
  }

  /** As it was when somebody asked last; undefined where nobody did, or where the server does not tell. */
  get known(): string | undefined {
    return this.#known
  }

  /** Asks, unless somebody did lately. Never rejects: without an answer, outcomes stay unknown. */
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
      this.#known = undefined // a server that has no such function, or none that answers
    }
  }
}
