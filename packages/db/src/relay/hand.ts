import type { HeldPartition } from './leases.js'
import type { OutboxRow } from './row.js'
import type { Target } from './target.js'

/** A row being processed, with the partition as it was held when the row was read. */
export interface RowInHand {
  readonly row: OutboxRow
  readonly held: HeldPartition
  readonly target: Target | undefined
}

/** The rows of one key being processed, delivered one after another; or one row without a key. */
export interface Chain {
  readonly key: string | undefined
  readonly rows: RowInHand[]
  /** One has failed, and that is not recorded yet: no row of the key is started. */
  isBroken: boolean
}

/** The most rows of one key that are processed together, so that a slow key leaves room for others. */
const MOST_OF_A_KEY = 25

/**
 * The rows that a relay is processing, from their reading until their outcome is recorded. They are not read again
 * meanwhile, and no row of a key is taken after one that failed.
 */
export class Hand {
  readonly #rows = new Map<bigint, RowInHand>()
  readonly #chains = new Map<string, Chain>()
  readonly #ready: Chain[] = []
  readonly #batched: Chain[] = []

  get size(): number {
    return this.#rows.size
  }

  get positions(): readonly string[] {
    return [...this.#rows.keys()].map(String)
  }

  /** Keys of which no more rows may be read. */
  get fullKeys(): readonly string[] {
    return [...this.#chains.values()].flatMap(({ key, rows, isBroken }) =>
      key !== undefined && (isBroken || rows.length >= MOST_OF_A_KEY) ? [key] : [],
    )
  }

  /** Whether no row of a partition is being processed. */
  isFinished(partition: number): boolean {
    for (const { row } of this.#rows.values()) if (row.partition === partition) return false
    return true
  }

  has(position: bigint): boolean {
    return this.#rows.has(position)
  }

  /** Accepts a row, behind those of its key. False if one of them has failed. */
  take(entry: RowInHand): boolean {
    const { key, position } = entry.row
    const chain = key === undefined ? undefined : this.#chains.get(key)
    if (chain?.isBroken) return false
    this.#rows.set(position, entry)
    if (chain) {
      chain.rows.push(entry)
      return true
    }
    const begun: Chain = { key, rows: [entry], isBroken: false }
    if (key !== undefined) this.#chains.set(key, begun)
    if (key === undefined && entry.target?.isBatched) this.#batched.push(begun)
    else this.#ready.push(begun)
    return true
  }

  /** The next chain that is not being worked on. */
  next(): Chain | undefined {
    return this.#ready.shift()
  }

  /** The same for rows that are gathered in separate batches. */
  nextBatched(): Chain | undefined {
    return this.#batched.shift()
  }

  /** Ends a chain that was completed. A broken one stays until `mend`. */
  end(chain: Chain): void {
    if (chain.key !== undefined && !chain.isBroken) this.#chains.delete(chain.key)
  }

  /** Marks that a row of the chain has failed, and releases the rows after it: they are read again later. */
  break(chain: Chain): void {
    chain.isBroken = true
    this.drop(chain)
  }

  /** Releases the rest of a chain. */
  drop(chain: Chain): void {
    for (const { row } of chain.rows.splice(0)) this.#rows.delete(row.position)
  }

  /** Removes a row whose outcome is recorded, or that is to be read again. */
  forget({ row: { position, key } }: RowInHand, options: { readonly mend?: boolean } = {}): void {
    this.#rows.delete(position)
    if (options.mend && key !== undefined) this.#chains.delete(key)
  }
}
