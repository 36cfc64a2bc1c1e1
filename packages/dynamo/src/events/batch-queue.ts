import { fullJitter, type MiyabiError } from '@miyabi/core'
import type { CallRecord } from '../errors/call-record.js'
import type { DynamoErrorCode } from '../errors/errors.js'
import { toDynamoError } from '../errors/map-error.js'
import type { Store } from '../items/store.js'
import { BATCH_SIZE, type BatchAnswer, keyOf, type PutItem, putBatch, putIfAbsent } from './put-batch.js'

/** Failures that are unrelated to a single item: halves of the batch would fail the same way. */
const CONCERNS_ALL: ReadonlySet<string> = new Set<DynamoErrorCode>([
  'dynamo.table_missing',
  'dynamo.credentials',
  'dynamo.access_denied',
  'dynamo.unreachable',
])

/**
 * The longest wait after the server could not be reached at all, in milliseconds. Longer waits would not relieve an
 * absent server, and would only delay the callers once it returns.
 */
const UNREACHABLE_WAIT_MS = 1000

/** How long to wait when the budget has no retry left, in milliseconds. */
const BUDGET_WAIT_MS = 100

/** The most items that are put alone concurrently in place of one batch. */
const SINGLES_IN_PLACE_OF_A_BATCH = 8

/** An item in flight, and its caller. */
export interface QueueEntry {
  readonly item: PutItem
  /** Whether it may already be stored, by any writer: then it is put alone, and the stored item stays. */
  readonly isShared: boolean
  /** The requests that the item was in, and how many of those may have stored it. The queue maintains it. */
  readonly record: Pick<CallRecord, 'attempts' | 'possibleWrites' | 'lastFailure' | 'waitsFor'>
  /** Called once with the item's outcome, unless it was withdrawn before: no error means stored. */
  readonly settle: (error?: MiyabiError) => void
}

/** Where a queue puts its items, and its name in errors. */
export interface BatchTarget {
  readonly operation: string
  readonly table: string
  /** The sum of all requests, if anyone needs it. The queue maintains it. */
  readonly total?: QueueEntry['record']
}

/** Entries whose items have one key. */
type Group = readonly QueueEntry[]

/** A request in flight, and how many entries still wait for it. */
interface Batch {
  readonly controller: AbortController
  waiting: number
}

/** A wait shared by several entries, and how many of them still wait. */
interface Backoff {
  waiting: number
  timer?: NodeJS.Timeout
}

/** Where an entry is: in a batch, waiting after a backoff, or in the queue. */
interface Place {
  retries: number
  batch?: Batch | undefined
  backoff?: Backoff | undefined
}

/**
 * Puts items in batches of up to 25, with a limit on concurrent batches. Items put in one tick, or while all batches
 * are in flight, go together. Every item has a separate outcome:
 *
 * - what DynamoDB leaves unprocessed, and what a transient failure leaves unknown, goes into a later batch after a
 *   backoff, until it is withdrawn; nothing else waits for it. Retrying is harmless, because a put of the same item
 *   changes nothing. It draws on the retry budget, one retry for all items of a batch with the same attempt count, and
 *   waits while the budget is empty;
 * - a batch that is permanently refused is halved until the item at fault is alone;
 * - items with the same key are put once and share their outcome, because a batch refuses equal keys;
 * - an item that may already be stored is kept out of batches, which would overwrite it.
 */
export class BatchQueue {
  readonly #store: Store
  readonly #target: BatchTarget
  readonly #concurrency: number
  /** In order of arrival; a set, because an entry may leave from any position. */
  readonly #queued = new Set<QueueEntry>()
  /** Those to be put alone, by their keys. */
  readonly #singles = new Map<string, Set<QueueEntry>>()
  readonly #places = new Map<QueueEntry, Place>()
  #active = 0
  #activeSingles = 0
  #endOfTick: NodeJS.Immediate | undefined

  /** @param concurrency the most batches in flight. */
  constructor(store: Store, target: BatchTarget, concurrency: number) {
    this.#store = store
    this.#target = target
    this.#concurrency = concurrency
  }

  /** Number of entries waiting for their outcome. */
  get pending(): number {
    return this.#places.size
  }

  put(entry: QueueEntry): void {
    entry.record.waitsFor = `it waited for a place in a batch, behind ${this.#places.size} other events of this process`
    this.#places.set(entry, { retries: 0 })
    this.#queue(entry)
  }

  /** Removes an entry. A request with no waiting entries left is aborted. */
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
   * Full batches go immediately. Smaller ones wait for the end of the tick, because the callers of a batch just
   * answered return within it.
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
    // A batch is aborted when its callers' time is over; the next batch in the queue may time out in the same tick.
    if (batch.controller.signal.aborted) this.#scheduleEndOfTick()
    else this.#schedule()
  }

  /** Writes the entries as one batch; each entry may leave it. */
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

  /**
   * Sends one request, or several if it is refused. Settles or postpones every entry that still waits. Never rejects.
   */
  async #write(groups: readonly Group[], batch: Batch): Promise<void> {
    const open = groups.map((group) => group.filter((entry) => this.#places.has(entry)))
    const live = open.filter((group) => group.length > 0)
    const items = live.flatMap(([first]) => (first ? [first.item] : []))
    const [item] = items
    if (item === undefined) return
    const entries = live.flat()
    const { total } = this.#target
    // Until the response arrives it counts as one attempt that may have stored them: a caller may leave in between.
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
    // An entry does not wait longer because another in the batch, with a hot key, was often left unprocessed.
    for (const entries of again.values()) this.#putOff(entries)
  }

  async #failed(groups: readonly Group[], batch: Batch, { failure, record }: BatchAnswer): Promise<void> {
    const { retryable, code } = toDynamoError(failure, record)
    if (retryable) {
      this.#putOff(groups.flat(), code === 'dynamo.unreachable' ? UNREACHABLE_WAIT_MS : undefined)
    } else if (groups.length === 1 || CONCERNS_ALL.has(code)) {
      // Each with its own record: an earlier request may have stored it.
      for (const entry of groups.flat()) this.#settle(entry, toDynamoError(failure, { ...record, ...entry.record }))
    } else {
      const middle = Math.ceil(groups.length / 2)
      await this.#write(groups.slice(0, middle), batch)
      await this.#write(groups.slice(middle), batch)
    }
  }

  /** Queues entries again after a backoff: the same for all of a batch, so that they return together. */
  #putOff(entries: readonly QueueEntry[], longestMs = Number.POSITIVE_INFINITY): void {
    const { settings, retryBudget } = this.#store
    const { initialBackoffMs: initialMs } = settings
    const maxMs = Math.min(settings.maxBackoffMs, longestMs)
    const places = entries.flatMap((entry) => {
      const place = this.#places.get(entry)
      return place ? [{ entry, place }] : []
    })
    const delayMs = fullJitter(this.#retriesOf(entries), { initialMs, maxMs })
    // One timer for all: of 25 timers started in turn, some would fire in a later turn of the event loop and go into a
    // separate batch.
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

  /** The highest attempt count among the postponed entries. */
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

/** Replaces what was assumed about a request with what its response showed. */
function account(record: QueueEntry['record'], answer: BatchAnswer, mayBeStored: boolean): void {
  record.attempts += answer.record.attempts - 1
  if (!mayBeStored) record.possibleWrites -= 1
  if (answer.record.lastFailure !== undefined) record.lastFailure = answer.record.lastFailure
}

/** Takes an entry out of its batch or wait. */
function leave(place: Place): void {
  if (place.batch) place.batch.waiting -= 1
  if (place.backoff) place.backoff.waiting -= 1
  place.batch = undefined
  place.backoff = undefined
}
