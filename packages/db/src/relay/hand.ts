import type { HeldPartition } from './leases.js'
import type { OutboxRow } from './row.js'
import type { Target } from './target.js'

/** A row in hand, with the partition as it was held when the row was read. */
export interface RowInHand {
  readonly row: OutboxRow
  readonly held: HeldPartition
  readonly target: Target | undefined
}

/** The rows of one key in hand, carried out one after another; or one row without a key. */
export interface Chain {
  readonly key: string | undefined
  readonly rows: RowInHand[]
  /** One has failed, and that is not recorded yet: nothing of the key is begun. */
  isBroken: boolean
}

/** So many rows of one key are taken in hand, so that a slow key leaves room for others. */
const MOST_OF_A_KEY = 25

/**
 * The rows that a relay has in hand, from their reading until their end is recorded. They are not read again meanwhile,
 * and of a key nothing is taken past one that failed.
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

  /** Keys of which no more is to be read. */
  get fullKeys(): readonly string[] {
    return [...this.#chains.values()].flatMap(({ key, rows, isBroken }) =>
      key !== undefined && (isBroken || rows.length >= MOST_OF_A_KEY) ? [key] : [],
    )
  }

  /** Whether nothing of a partition is in hand. */
  isFinished(partition: number): boolean {
    for (const { row } of this.#rows.values()) if (row.partition === partition) return false
    return true
  }

  has(position: bigint): boolean {
    return this.#rows.has(position)
  }

  /** Takes a row in hand, behind those of its key. False where one of them has failed. */
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

  /** The next chain that nobody works on. */
  next(): Chain | undefined {
    return this.#ready.shift()
  }

  /** The same of rows that gather in batches of their own. */
  nextBatched(): Chain | undefined {
    return this.#batched.shift()
  }

  /** Ends a chain that was worked on to its end. A broken one stays until `mend`. */
  end(chain: Chain): void {
    if (chain.key !== undefined && !chain.isBroken) this.#chains.delete(chain.key)
  }

  /** Marks that a row of the chain has failed, and lets go what comes after it: it is read again in its time. */
  break(chain: Chain): void {
    chain.isBroken = true
    this.drop(chain)
  }

  /** Lets go what is left of a chain. */
  drop(chain: Chain): void {
    for (const { row } of chain.rows.splice(0)) this.#rows.delete(row.position)
  }

  /** Forgets a row whose end is recorded, or that is to be read again. */
  forget({ row: { position, key } }: RowInHand, options: { readonly mend?: boolean } = {}): void {
    this.#rows.delete(position)
    if (options.mend && key !== undefined) this.#chains.delete(key)
  }
}
