import type { OwnClock } from '../items/own-clock.js'
import type { QueueItem } from './entity.js'

/** The fields of a queue that describe its lease. */
export type StoredLease = Pick<QueueItem, 'leaseId' | 'leasedUntil' | 'serverUntil' | 'leaseMs'>

/** The most leases of others that are remembered; beyond that the oldest are dropped. */
const MAX_SEEN = 1000

/** Clocks that differ by less than this agree. */
const AGREEMENT_MS = 1000

/**
 * Decides when a lease is over. Its reader records its end by two clocks, its own and the server's, and another process
 * reads both as well: a lease is over when it is by both. If the reader's clock is ahead of the other process's, it is
 * ignored and the server's decides.
 *
 * So a clock that was ahead does not keep a queue from the next reader, and a wrong clock does not take it from its
 * holder. If the clocks differ, or the server does not report its time, a lease is over when the other process has
 * observed it unchanged for as long as it lasts.
 */
export class SeenLeases {
  readonly #clock: OwnClock
  /** Leases on which the clocks disagree, and since when this process has observed them unchanged. */
  readonly #seen = new Map<string, { readonly lease: StoredLease; readonly sinceMs: number }>()

  constructor(clock: OwnClock) {
    this.#clock = clock
  }

  /** @param defaultMs the duration of a lease that does not store it. */
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

  /** Records a lease that this process itself has just renewed. */
  note(recipient: string, lease: StoredLease): void {
    if (this.#clock.knowsServer) return
    this.#see(recipient, lease)
  }

  /** Whether a lease was not renewed for as long as it lasts: then it is over whatever the clocks say. */
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
