import { fullJitter, type MiyabiError } from '@miyabi/core'
import type { CallRecord } from '../errors/call-record.js'
import type { DynamoErrorCode } from '../errors/errors.js'
import { toDynamoError } from '../errors/map-error.js'
import type { Store } from '../items/store.js'
import { BATCH_SIZE, type BatchAnswer, keyOf, type PutItem, putBatch, putIfAbsent } from './put-batch.js'

/** Failures that have nothing to do with a single item: halves of the batch would meet them too. */
const CONCERNS_ALL: ReadonlySet<string> = new Set<DynamoErrorCode>([
  'dynamo.table_missing',
  'dynamo.credentials',
  'dynamo.access_denied',
  'dynamo.unreachable',
])

/**
 * The longest wait after the server could not be reached at all, in milliseconds. Nobody is there whom longer waits
 * would spare, and who waits on when it has returned, waits in vain.
 */
const UNREACHABLE_WAIT_MS = 1000

/** How long to wait where the budget has no retry to give, in milliseconds. */
const BUDGET_WAIT_MS = 100

/** So many items that are put alone may be on their way in place of one batch. */
const SINGLES_IN_PLACE_OF_A_BATCH = 8

/** One item on its way, and who waits for it. */
export interface QueueEntry {
  readonly item: PutItem
  /** Whether it may be stored already, by whomever: then it is put alone, and what is stored stays. */
  readonly isShared: boolean
  /** The requests that the item was in, and how many of those may have stored it. The queue keeps it. */
  readonly record: Pick<CallRecord, 'attempts' | 'possibleWrites' | 'lastFailure' | 'waitsFor'>
  /** Called once with the item's fate, unless it was withdrawn before: no error means stored. */
  readonly settle: (error?: MiyabiError) => void
}

/** Where a queue puts its items, and what it is called in errors. */
export interface BatchTarget {
  readonly operation: string
  readonly table: string
  /** The sum of all requests, where somebody wants it. The queue keeps it. */
  readonly total?: QueueEntry['record']
}

/** Entries whose items have one key. */
type Group = readonly QueueEntry[]

/** A request on its way, and how many still wait for it. */
interface Batch {
  readonly controller: AbortController
  waiting: number
}

/** A wait of several entries, which go on together, and how many of them still do. */
interface Backoff {
  waiting: number
  timer?: NodeJS.Timeout
}

/** Where an entry is: in a batch, or waiting for its turn after a backoff, or in the queue. */
interface Place {
  retries: number
  batch?: Batch | undefined
  backoff?: Backoff | undefined
}

/**
 * Puts items in batches of up to 25, so many at a time. What is put in one tick, or while all batches are on their way,
 * goes together. Every item has a fate of its own:
 *
 * - what DynamoDB leaves unprocessed, and what a passing failure leaves unknown, goes into a later batch after a
 *   backoff, until it is withdrawn; nothing else waits for it. Repeating does no harm, because a put of the same item
 *   changes nothing. It draws on the budget of retries, one for all of a batch that were repeated as often, and waits
 *   while there are none;
 * - a batch that is refused for good is halved until the item at fault is alone;
 * - items with the same key are put once and share their fate, because a batch refuses equal keys;
 * - what may be stored already goes into no batch, which would put over it.
 */
export class BatchQueue {
  readonly #store: Store
  readonly #target: BatchTarget
  readonly #concurrency: number
  /** In the order of their coming; a set, because an entry may leave from anywhere. */
  readonly #queued = new Set<QueueEntry>()
  /** Those to be put alone, by their keys. */
  readonly #singles = new Map<string, Set<QueueEntry>>()
  readonly #places = new Map<QueueEntry, Place>()
  #active = 0
  #activeSingles = 0
  #endOfTick: NodeJS.Immediate | undefined

  /** @param concurrency batches on their way at a time. */
  constructor(store: Store, target: BatchTarget, concurrency: number) {
    this.#store = store
    this.#target = target
    this.#concurrency = concurrency
  }

  /** How many entries wait for their fate. */
  get pending(): number {
    return this.#places.size
  }

  put(entry: QueueEntry): void {
    entry.record.waitsFor = `it waited for a place in a batch, behind ${this.#places.size} others of this process`
    this.#places.set(entry, { retries: 0 })
    this.#queue(entry)
  }

  /** Forgets an entry. A request of which nobody waits for any item is cut. */
  withdraw(entry: QueueEntry): void {
    const place = this.#places.get(entry)
    if (!place) return
    const { batch, backoff } = place
    leave(place)
    this.#places.delete(entry)
    this.#queued.delete(entry)
    this.#singles.get(keyOf(entry.item))?.delete(entry)
    if (backoff?.waiting === 0) clearTimeout(backoff.timer)
    if (batch?.waiting === 0) batch.controller.abort()
  }

  #queue(entry: QueueEntry): void {
    if (entry.isShared) {
      const key = keyOf(entry.item)
      this.#singles.set(key, (this.#singles.get(key) ?? new Set()).add(entry))
    } else {
      this.#queued.add(entry)
    }
    this.#schedule()
  }

  #scheduleSingles(): void {
    const most = this.#concurrency * SINGLES_IN_PLACE_OF_A_BATCH
    for (const [key, group] of this.#singles) {
      if (this.#activeSingles >= most) return
      this.#singles.delete(key)
      if (group.size > 0) void this.#beginSingle([...group])
    }
  }

  async #beginSingle(group: Group): Promise<void> {
    this.#activeSingles += 1
    await this.#writeIn([group])
    this.#activeSingles -= 1
    this.#scheduleEndOfTick()
  }

  /**
   * Full batches go at once. Fewer wait for the end of the tick, because the callers of a batch just answered come back
   * within it.
   */
  #schedule(): void {
    while (this.#active < this.#concurrency && this.#queued.size >= BATCH_SIZE) void this.#begin()
    this.#scheduleEndOfTick()
  }

  #scheduleEndOfTick(): void {
    this.#endOfTick ??= setImmediate(() => {
      this.#endOfTick = undefined
      while (this.#active < this.#concurrency && this.#queued.size > 0) void this.#begin()
      this.#scheduleSingles()
    })
  }

  async #begin(): Promise<void> {
    this.#active += 1
    const batch = await this.#writeIn(this.#take())
    this.#active -= 1
    // A batch is cut when its callers' time is over; that of the next in the queue may be over in the same tick.
    if (batch.controller.signal.aborted) this.#scheduleEndOfTick()
    else this.#schedule()
  }

  /** Writes the entries as one batch, of which each may leave. */
  async #writeIn(groups: readonly Group[]): Promise<Batch> {
    const entries = groups.flat()
    const batch: Batch = { controller: new AbortController(), waiting: entries.length }
    for (const entry of entries) {
      const place = this.#places.get(entry)
      if (place) place.batch = batch
    }
    await this.#write(groups, batch)
    return batch
  }

  /** The next entries, of up to 25 keys. */
  #take(): Group[] {
    const groups = new Map<string, QueueEntry[]>()
    for (const entry of this.#queued) {
      const key = keyOf(entry.item)
      const group = groups.get(key)
      if (group) group.push(entry)
      else if (groups.size === BATCH_SIZE) break
      else groups.set(key, [entry])
      this.#queued.delete(entry)
    }
    return [...groups.values()]
  }

  /** One request, or several where it is refused. Settles or puts off whatever still waits. Never rejects. */
  async #write(groups: readonly Group[], batch: Batch): Promise<void> {
    const open = groups.map((group) => group.filter((entry) => this.#places.has(entry)))
    const live = open.filter((group) => group.length > 0)
    const items = live.flatMap(([first]) => (first ? [first.item] : []))
    const [item] = items
    if (item === undefined) return
    const entries = live.flat()
    const { total } = this.#target
    // Until the answer comes it counts as one attempt that may have stored them: a caller may leave in between.
    for (const record of [...(total ? [total] : []), ...entries.map((entry) => entry.record)]) {
      record.attempts += 1
      record.possibleWrites += 1
      record.waitsFor = undefined
    }
    const options = { ...this.#target, signal: batch.controller.signal }
    const answer = entries.some(({ isShared }) => isShared)
      ? await putIfAbsent(this.#store, options, item)
      : await putBatch(this.#store, options, items)
    if (total) account(total, answer, answer.isUncertain || answer.failure === undefined)
    for (const { record } of entries) account(record, answer, answer.isUncertain)
    if (answer.failure === undefined) this.#answered(live, answer.left)
    else await this.#failed(live, batch, answer)
  }

  #answered(groups: readonly Group[], left: ReadonlySet<string>): void {
    const again = new Map<number, QueueEntry[]>()
    for (const group of groups) {
      const [first] = group
      if (first && left.size > 0 && left.has(keyOf(first.item))) {
        const retries = this.#retriesOf(group)
        again.set(retries, [...(again.get(retries) ?? []), ...group])
      } else for (const entry of group) this.#settle(entry)
    }
    // Nobody waits longer because another in the batch, of a hot key, has often been left.
    for (const entries of again.values()) this.#putOff(entries)
  }

  async #failed(groups: readonly Group[], batch: Batch, { failure, record }: BatchAnswer): Promise<void> {
    const { retryable, code } = toDynamoError(failure, record)
    if (retryable) {
      this.#putOff(groups.flat(), code === 'dynamo.unreachable' ? UNREACHABLE_WAIT_MS : undefined)
    } else if (groups.length === 1 || CONCERNS_ALL.has(code)) {
      // Each with what is known of itself: an earlier request may have stored it.
      for (const entry of groups.flat()) this.#settle(entry, toDynamoError(failure, { ...record, ...entry.record }))
    } else {
      const middle = Math.ceil(groups.length / 2)
      await this.#write(groups.slice(0, middle), batch)
      await this.#write(groups.slice(middle), batch)
    }
  }

  /** Queues entries again after a backoff: the same for all of a batch, so that they come back together. */
  #putOff(entries: readonly QueueEntry[], longestMs = Number.POSITIVE_INFINITY): void {
    const { settings, retryBudget } = this.#store
    const { initialBackoffMs: initialMs } = settings
    const maxMs = Math.min(settings.maxBackoffMs, longestMs)
    const places = entries.flatMap((entry) => {
      const place = this.#places.get(entry)
      return place ? [{ entry, place }] : []
    })
    const delayMs = fullJitter(this.#retriesOf(entries), { initialMs, maxMs })
    // One timer for all: of 25, begun in turn, some would end in a later turn of the event loop, and go in a batch of
    // their own.
    const backoff: Backoff = { waiting: places.length }
    const goOn = (): void => {
      if (!retryBudget.take()) {
        backoff.timer = setTimeout(goOn, BUDGET_WAIT_MS)
        return
      }
      for (const { entry, place } of places) {
        if (place.backoff !== backoff) continue // withdrawn
        place.backoff = undefined
        this.#queue(entry)
      }
    }
    for (const { place } of places) {
      leave(place)
      place.retries += 1
      place.backoff = backoff
    }
    if (places.length > 0) backoff.timer = setTimeout(goOn, delayMs)
  }

  /** How often the one that was put off most has been. */
  #retriesOf(entries: readonly QueueEntry[]): number {
    return Math.max(0, ...entries.map((entry) => this.#places.get(entry)?.retries ?? 0))
  }

  #settle(entry: QueueEntry, error?: MiyabiError): void {
    const place = this.#places.get(entry)
    if (!place) return
    leave(place)
    this.#places.delete(entry)
    entry.settle(error)
  }
}

/** Replaces what was assumed of a request by what its answer told. */
function account(record: QueueEntry['record'], answer: BatchAnswer, mayBeStored: boolean): void {
  record.attempts += answer.record.attempts - 1
  if (!mayBeStored) record.possibleWrites -= 1
  if (answer.record.lastFailure !== undefined) record.lastFailure = answer.record.lastFailure
}

/** An entry waits no more for its batch, or its turn. */
function leave(place: Place): void {
  if (place.batch) place.batch.waiting -= 1
  if (place.backoff) place.backoff.waiting -= 1
  place.batch = undefined
  place.backoff = undefined
}
