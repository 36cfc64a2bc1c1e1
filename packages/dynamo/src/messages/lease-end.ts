import type { OwnClock } from '../items/own-clock.js'
import type { QueueItem } from './entity.js'

/** What a queue tells of its lease. */
export type StoredLease = Pick<QueueItem, 'leaseId' | 'leasedUntil' | 'serverUntil' | 'leaseMs'>

/** So many leases of others are remembered; then the oldest are forgotten. */
const MAX_SEEN = 1000

/** Clocks that differ by less agree. */
const AGREEMENT_MS = 1000

/**
 * When a lease is over. Its reader says so by two clocks, its own and the server's, and whoever asks reads both as
 * well: a lease is over when it is by both. A reader's clock that is ahead of the asker's says nothing to that one;
 * then the server's decides.
 *
 * So neither a clock that was ahead keeps a queue from the next reader, nor one that is wrong takes it from the one who
 * has it. Where the clocks differ, or the server does not tell its time, a lease is over when the asker has seen it
 * unchanged for as long as it lasts.
 */
export class SeenLeases {
  readonly #clock: OwnClock
  /** Leases that the clocks differ about, and since when this process has seen them unchanged. */
  readonly #seen = new Map<string, { readonly lease: StoredLease; readonly sinceMs: number }>()

  constructor(clock: OwnClock) {
    this.#clock = clock
  }

  /** @param defaultMs how long a lease lasts of which that is not stored. */
  isOver(recipient: string, lease: StoredLease, defaultMs: number): boolean {
    const { leaseMs = defaultMs, leasedUntil = 0, serverUntil } = lease
    const now = this.#clock.now()
    const isUnbelievable = leasedUntil - leaseMs > now + AGREEMENT_MS
    const isOverHere = now >= leasedUntil || isUnbelievable
    if (serverUntil !== undefined && this.#clock.knowsServer) {
      const isOverThere = this.#clock.earliestServerNow >= serverUntil
      if (isOverHere === isOverThere) {
        this.#seen.delete(recipient)
        return isOverHere
      }
      return this.#isUnchanged(recipient, lease, leaseMs)
    }
    return this.#isUnchanged(recipient, lease, leaseMs) && isOverHere
  }

  /** Takes note of a lease that this process itself has just prolonged. */
  note(recipient: string, lease: StoredLease): void {
    if (this.#clock.knowsServer) return
    this.#see(recipient, lease)
  }

  /** Whether nobody has prolonged a lease for as long as it lasts: then it is over whatever the clocks say. */
  #isUnchanged(recipient: string, lease: StoredLease, leaseMs: number): boolean {
    const seen = this.#seen.get(recipient)
    if (seen && seen.lease.leaseId === lease.leaseId && seen.lease.leasedUntil === lease.leasedUntil) {
      return this.#clock.earliestServerNow - seen.sinceMs >= leaseMs
    }
    this.#see(recipient, lease)
    return false
  }

  #see(recipient: string, lease: StoredLease): void {
    this.#seen.delete(recipient)
    this.#seen.set(recipient, { lease, sinceMs: this.#clock.earliestServerNow })
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > MAX_SEEN && oldest !== undefined) this.#seen.delete(oldest)
  }

  /** When a lease ends, by the clock of this process. */
  endOf({ leasedUntil = 0, serverUntil }: StoredLease): number {
    if (serverUntil === undefined || !this.#clock.knowsServer) return leasedUntil
    const now = this.#clock.now()
    return Math.max(now, now + serverUntil - this.#clock.earliestServerNow)
  }
}
