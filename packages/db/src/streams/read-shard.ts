import { sleep } from '@miyabi/core'
import type { StreamPage, StreamRecord } from '@miyabi/dynamo'
import type { Checkpoints, Lease } from './checkpoints.js'
import { changesOf, type Delivered, type Delivery, deliver, Fenced, Poisoned } from './deliver.js'
import type { StreamSource } from './source.js'

/** What reading a shard reports to its consumer. */
export interface ShardObserver {
  committed(records: number, delivered: Delivered, behindMs: number): void
  /** A batch failed, and is retried after this many milliseconds. */
  failed(error: unknown): number
}

/** What reading a shard needs from its consumer. */
export interface ShardReading<T> extends Delivery<T> {
  readonly source: StreamSource<T>
  readonly batch: number
  readonly leaseMs: number
  /** How long to wait after a read without records. */
  readonly idleMs: number
  /** Ends the reading between batches. */
  readonly ending: AbortSignal
  readonly observer: ShardObserver
}

/** `end`: of the shard. `gap`: records are lost. `ending`: it was stopped. */
export type ShardEnd = 'end' | 'gap' | 'fenced' | 'ending'

/** Reads a shard from its checkpoint on, until it ends or the lease does. One page is read while another is handled. */
export async function readShard<T>(reading: ShardReading<T>, lease: Lease): Promise<ShardEnd> {
  const { checkpoints, source, ending, idleMs, leaseMs } = reading
  if (lease.is_late) return markGap(checkpoints, lease, lease.sequence)
  const pages = new Pages(source, lease, ending)
  let checkpoint = lease.sequence
  let renewedAt = performance.now()
  try {
    for (let page = await pages.next(); ; ) {
      if (page === 'trimmed') return await markGap(checkpoints, lease, checkpoint)
      const upcoming = page.next === undefined ? undefined : pages.follow(page, idleMs)
      for (const records of slices(page, reading.batch, lease)) {
        const isEnd = page.next === undefined && records.at(-1) === page.records.at(-1)
        await commit(reading, lease, { records, from: checkpoint, isEnd })
        checkpoint = records.at(-1)?.sequence ?? checkpoint
        renewedAt = performance.now()
        if (ending.aborted) return 'ending'
      }
      if (upcoming === undefined) return 'end'
      if (page.records.length === 0) {
        reading.observer.committed(0, { passedOver: 0, dead: 0 }, 0)
        if (performance.now() - renewedAt > leaseMs / 3) {
          if (!(await checkpoints.renew(lease))) return 'fenced'
          renewedAt = performance.now()
        }
      }
      page = await upcoming
    }
  } catch (error) {
    if (error instanceof Fenced) return 'fenced'
    if (ending.aborted) return 'ending'
    throw error
  } finally {
    pages.stop()
  }
}

async function markGap(checkpoints: Checkpoints, lease: Lease, sequence: string | null): Promise<ShardEnd> {
  return (await checkpoints.markGap({ ...lease, sequence }, 'trimmed')) ? 'gap' : 'fenced'
}

/** Retries a batch until it is committed: halved after each failure, in case it is too large for a transaction. */
async function commit<T>(
  reading: ShardReading<T>,
  lease: Lease,
  batch: {
    readonly records: readonly StreamRecord<T>[]
    readonly from: string | null
    readonly isEnd: boolean
  },
): Promise<void> {
  const { observer, ending } = reading
  let rest = batch.records
  let from = batch.from
  for (let attempt = 0; rest.length > 0 || batch.isEnd; ) {
    const now = rest.slice(0, Math.max(1, rest.length >> attempt))
    const last = now.at(-1)
    const isEnd = batch.isEnd && now.length === rest.length
    const to = { sequence: last?.sequence ?? from, recordAt: last?.at, isEnd }
    try {
      const delivered = await deliver(reading, { lease, records: now, from, to })
      observer.committed(now.length, delivered, last ? Math.max(0, Date.now() - last.at.getTime()) : 0)
      rest = rest.slice(now.length)
      from = to.sequence
      attempt = 0
      if (isEnd) return
    } catch (error) {
      if (error instanceof Fenced || reading.signal.aborted) throw error
      attempt += 1
      const cause = error instanceof Poisoned ? error.cause : error
      await sleep(observer.failed(cause), ending)
    }
    ending.throwIfAborted()
  }
}

/**
 * A page's records in portions with a limited number of changes. An empty page at the end of a shard is a portion
 * without records.
 */
function slices<T>(page: StreamPage<T>, batch: number, lease: Lease): readonly (readonly StreamRecord<T>[])[] {
  if (page.records.length === 0) return page.next === undefined ? [[]] : []
  const made: StreamRecord<T>[][] = []
  let current: StreamRecord<T>[] = []
  let changes = 0
  for (const record of page.records) {
    const counts = changesOf([record], lease).length
    if (current.length > 0 && changes + counts > batch) {
      made.push(current)
      current = []
      changes = 0
    }
    current.push(record)
    changes += counts
  }
  return [...made, current]
}

/** Reads page after page, no faster than the source allows, with a new iterator when one has become too old. */
class Pages<T> {
  readonly #source: StreamSource<T>
  readonly #lease: Lease
  readonly #ending: AbortSignal
  /** The position of the last record that was read. */
  #after: string | undefined
  #readAt = Number.NEGATIVE_INFINITY
  #isStopped = false

  constructor(source: StreamSource<T>, lease: Lease, ending: AbortSignal) {
    this.#source = source
    this.#lease = lease
    this.#ending = ending
    this.#after = lease.sequence ?? undefined
  }

  /** The page after one that has been read; starts immediately, or after a pause if that was empty. */
  follow({ records, next }: StreamPage<T>, idleMs: number): Promise<StreamPage<T> | 'trimmed'> {
    this.#after = records.at(-1)?.sequence ?? this.#after
    const page = this.next(next, records.length === 0 ? idleMs : 0)
    page.catch(() => {}) // it is awaited later, or no longer needed
    return page
  }

  async next(iterator?: string, restMs = 0): Promise<StreamPage<T> | 'trimmed'> {
    let current = iterator
    for (;;) {
      await this.#pause(restMs)
      current ??= await this.#iterator()
      if (current === undefined) return 'trimmed'
      this.#readAt = performance.now()
      const page = await this.#source.read(current, this.#ending)
      if (!('lost' in page)) return page
      // Without a record of ours before it nothing can be lost: the oldest stored record is where it starts.
      if (page.lost === 'trimmed' && this.#after !== undefined) return 'trimmed'
      current = undefined
    }
  }

  stop(): void {
    this.#isStopped = true
  }

  async #iterator(): Promise<string | undefined> {
    const { stream, shard } = this.#lease
    const found = await this.#source.iterator(stream, shard, this.#after, this.#ending)
    if ('iterator' in found) return found.iterator
    if (found.lost === 'trimmed') return undefined
    throw new ShardGone()
  }

  async #pause(restMs: number): Promise<void> {
    const ms = Math.max(restMs, this.#readAt + this.#source.paceMs - performance.now())
    if (ms > 0) await sleep(ms, this.#ending)
    if (this.#isStopped) throw new Stopped()
  }
}

/** The shard no longer exists: the next listing determines why. */
export class ShardGone extends Error {}
/** The page is not awaited. */
class Stopped extends Error {}
