import { Floor } from './floors.js'
import { LEASE, PARTITIONS, RELEASE } from './statements.js'

/** Queries PostgreSQL as the service. */
export type Ask = <Row extends object>(text: string, values: readonly unknown[]) => Promise<readonly Row[]>

/** The share of a lease used for sending: the rest is for work in flight. */
const SENDING_SHARE = 0.7

/** One partition that a relay works on. */
export interface HeldPartition {
  readonly partition: number
  readonly fence: string
  readonly floor: Floor
  /** It is to be released for a fair share: none of its rows is started. */
  isLeaving: boolean
}

interface LeaseRow {
  readonly most: number
  readonly partition: number | null
  readonly fence: string | null
}

/** The partitions that a relay holds, by leases in rows. */
export class Leases {
  readonly #ask: Ask
  readonly #holder: string
  readonly #leaseMs: number
  #held = new Map<number, HeldPartition>()
  #sendUntil = Number.NEGATIVE_INFINITY
  #coverage: string | undefined

  constructor(ask: Ask, holder: string, leaseMs: number) {
    this.#ask = ask
    this.#holder = holder
    this.#leaseMs = leaseMs
  }

  /** By number. */
  get held(): ReadonlyMap<number, HeldPartition> {
    return this.#held
  }

  /** Those whose rows may be started. */
  get working(): readonly HeldPartition[] {
    return [...this.#held.values()].filter(({ isLeaving }) => !isLeaving)
  }

  /**
   * All fences, while every partition is held here: the same text means that no other relay has held one meanwhile.
   * Undefined while others do, or may.
   */
  get coverage(): string | undefined {
    return performance.now() < this.#sendUntil ? this.#coverage : undefined
  }

  /** Whether effects of a partition may currently be sent. */
  maySend(partition: number): boolean {
    return performance.now() < this.#sendUntil && this.#held.has(partition)
  }

  /** Renews, takes what is free, and releases what is finished. */
  async renew(isFinished: (partition: number) => boolean): Promise<void> {
    const startedAt = performance.now()
    const leaving = [...this.#held.values()].filter((held) => held.isLeaving && isFinished(held.partition))
    const released = leaving.map(({ partition }) => partition)
    const kept = [...this.#held.keys()].filter((partition) => !released.includes(partition))
    const rows = await this.#ask<LeaseRow>(LEASE, [this.#holder, this.#leaseMs, kept, released])
    // Measured from before the request: the server began to count later.
    this.#sendUntil = startedAt + this.#leaseMs * SENDING_SHARE
    const held = new Map<number, HeldPartition>()
    for (const { partition, fence } of rows) {
      if (partition === null || fence === null) continue
      const before = this.#held.get(partition)
      const isSame = before?.fence === fence
      held.set(partition, isSame ? before : { partition, fence, floor: new Floor(), isLeaving: false })
    }
    this.#held = held
    this.#makeRoom(rows[0]?.most ?? 0)
    const { working } = this
    const fences = working.map(({ partition, fence }) => `${partition}:${fence}`)
    this.#coverage = working.length === PARTITIONS ? fences.sort().join() : undefined
  }

  /** Releases all. */
  async release(): Promise<void> {
    this.#held = new Map()
    this.#sendUntil = Number.NEGATIVE_INFINITY
    await this.#ask(RELEASE, [this.#holder])
  }

  #makeRoom(share: number): void {
    const working = this.working
    for (const held of working.slice(share)) held.isLeaving = true
    // Other relays may have ended since.
    const leaving = [...this.#held.values()].filter(({ isLeaving }) => isLeaving)
    for (const held of leaving.slice(0, Math.max(0, share - working.length))) held.isLeaving = false
  }
}
