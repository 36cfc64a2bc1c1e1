import { randomUUID } from 'node:crypto'
import { orAborted } from '@miyabi/core'
import type { CallRecord } from '../errors/call-record.js'
import { DynamoInputError } from '../errors/errors.js'
import { assertLimit, asThrown, type CallerOptions, call } from '../items/store.js'
import type { MessageItem, QueueItem } from './entity.js'
import { MessageLeaseLostError, RecipientLeasedError } from './errors.js'
import type { StoredLease } from './lease-end.js'
import { type Message, toMessage } from './message.js'
import { recount } from './miscounted.js'
import {
  type ExpiredHead,
  expiredHead,
  type MessageModel,
  queueUpkeep,
  readMessages,
  readQueue,
  refusedQueue,
} from './storage.js'

export interface LeaseOptions extends CallerOptions {
  /** The connection that the messages go to. Reported to readers that are refused meanwhile. */
  readonly connectionId: string
  /**
   * Ends the lease that another connection holds: for a recipient that has reconnected and whose old connection is
   * useless. Default false: wait until that lease is released or expires.
   */
  readonly takeOver?: boolean | undefined
}

export interface ReceiveOptions extends CallerOptions {
  /** 1 to 1,000; default 100. */
  readonly limit?: number | undefined
  /**
   * How long to wait while there are none, in milliseconds up to an hour; default 0. The lease is kept meanwhile, and
   * each read of the queue has the deadline of a call.
   */
  readonly waitMs?: number | undefined
}

/** The result of `receive`. */
export interface Received {
  /** The next messages, the oldest first: up to `limit`, or about 1 MB. Empty when there are none. */
  readonly messages: Message[]
  /** How many messages expired undelivered and have not been reported before. */
  readonly expired: number
}

/**
 * The right to read a recipient's messages; held by one reader at a time. It ends `leaseMs` after the last `receive`,
 * or with `release`.
 */
export interface MessageLease extends AsyncDisposable {
  readonly recipient: string
  readonly connectionId: string
  /**
   * Returns the next messages, the oldest first, beginning with the oldest that is not acknowledged; one lease returns
   * none twice. Call it regularly, at least twice in `leaseMs`: it also renews the lease.
   *
   * With `waitMs` it returns as soon as there are any: messages enqueued by this process wake it immediately, and so do
   * those of other processes that can notify it (SERVICE_DIRECT_DATABASE_URL, in both); otherwise it checks every 250
   * ms.
   *
   * @throws {MessageLeaseLostError} when another reader has taken over, or the lease was released while it waited.
   */
  receive(options?: ReceiveOptions): Promise<Received>
  /**
   * Lets the next reader in immediately. Unacknowledged messages are delivered to it. Safe to repeat, and after the
   * lease was lost.
   */
  release(options?: CallerOptions): Promise<void>
}

/** Identifies an attempt at a lease: the same in each repetition. */
export interface LeaseAttempt {
  readonly leaseId: string
  /** Another reader's lease that it may replace. */
  over: StoredLease | undefined
}

export const newLeaseAttempt = (): LeaseAttempt => ({ leaseId: randomUUID(), over: undefined })

/**
 * Takes the lease if there is none, or replaces the exact lease that was found to be over, or that is to be taken over.
 * So an attempt whose response was lost, and which is retried, does not take the lease from a reader that has taken it
 * over since.
 *
 * @throws {RecipientLeasedError}
 * @throws {MessageLeaseLostError} when the lease may have been taken, and has been taken over since.
 */
export async function acquireLease(
  model: MessageModel,
  recipient: string,
  options: LeaseOptions,
  attempt: LeaseAttempt,
  { signal, record, isRepeated }: { readonly signal: AbortSignal; readonly record: CallRecord; isRepeated: boolean },
): Promise<MessageLease> {
  const { connectionId, takeOver = false } = options
  const { clock, limits, seenLeases } = model
  const isFirst = attempt.over === undefined
  model.store.now() // refused before anything is sent
  // Also for the server's time, without which the end of the lease could not be stated.
  if (takeOver ? isFirst : !clock.hasHeard) attempt.over = leaseOf(await readQueue(model, recipient, signal), takeOver)
  for (;;) {
    const leasedUntil = clock.latestServerNow + limits.leaseMs
    const queue = await take(model, recipient, { connectionId, attempt, leasedUntil, signal })
    if (queue?.leaseId === attempt.leaseId) {
      seenLeases.note(recipient, queue)
      return new Lease(model, { recipient, connectionId, leaseId: attempt.leaseId }, { queue, leasedUntil })
    }
    const found = leaseOf(queue, true)
    const mayHaveBeenOurs = isRepeated || record.possibleWrites > 0
    if (takeOver && mayHaveBeenOurs && found?.leaseId !== attempt.over?.leaseId) {
      throw new MessageLeaseLostError({ recipient, connectionId })
    }
    if (found && !takeOver && !seenLeases.isOver(recipient, found, limits.leaseMs)) {
      const leasedUntilMs = seenLeases.endOf(found)
      throw new RecipientLeasedError({ recipient, connectionId: queue?.connectionId, leasedUntilMs })
    }
    attempt.over = found
  }
}

/** The lease of a queue, if there is a relevant one. */
const leaseOf = (queue: Partial<QueueItem> | undefined, isWanted: boolean): StoredLease | undefined =>
  isWanted && queue?.leaseId !== undefined ? queue : undefined

/** @returns the queue with the lease, or with the lease that prevents it. */
async function take(
  model: MessageModel,
  recipient: string,
  {
    connectionId,
    attempt: { leaseId, over },
    leasedUntil,
    signal,
  }: {
    readonly connectionId: string
    readonly attempt: LeaseAttempt
    readonly leasedUntil: number
    readonly signal: AbortSignal
  },
): Promise<Partial<QueueItem> | undefined> {
  const { leaseMs } = model.limits
  const { schemaVersion, writtenAt, ttl } = queueUpkeep(model)
  const answer = await model.queues
    .update({ recipient })
    .data((queue, { ifNotExists, set }) => {
      set(queue.leaseId, leaseId)
      set(queue.connectionId, connectionId)
      set(queue.leasedUntil, writtenAt + leaseMs)
      if (model.clock.knowsServer) set(queue.serverUntil, leasedUntil)
      set(queue.leaseMs, leaseMs)
      set(queue.writtenAt, writtenAt)
      set(queue.schemaVersion, schemaVersion)
      ifNotExists(queue.ttl, ttl)
    })
    .where((queue, { eq, notExists }) => {
      const free = `${notExists(queue.leaseId)} OR ${eq(queue.leaseId, leaseId)}`
      if (over?.leaseId === undefined) return free
      const isSame = over.leasedUntil === undefined ? '' : ` AND ${eq(queue.leasedUntil, over.leasedUntil)}`
      return `${free} OR (${eq(queue.leaseId, over.leaseId)}${isSame})`
    })
    .go({ ...asThrown, response: 'all_new', returnOnConditionCheckFailure: 'all_old', abortSignal: signal })
  return answer.rejected ? refusedQueue(model, recipient, answer.data, signal) : answer.data
}

/** An hour: a caller that waits longer calls again. */
const LONGEST_WAIT_MS = 3_600_000

function assertWait(waitMs: number): number {
  if (waitMs >= 0 && waitMs <= LONGEST_WAIT_MS) return waitMs
  throw new DynamoInputError('waitMs', `is not a number of milliseconds from 0 to ${LONGEST_WAIT_MS}`)
}

/** The fields of a queue about its expired messages. */
type Counts = { readonly [K in 'expiredThrough' | 'countedUntil' | 'expired' | 'expiredTold']?: number | undefined }

class Lease implements MessageLease {
  readonly recipient: string
  readonly connectionId: string
  readonly #model: MessageModel
  readonly #leaseId: string
  /** By the server's time. */
  #leasedUntil: number
  /** Of the queue, in seconds since 1970. */
  #ttl: number
  #isOver = false
  /** Ends together with the preceding `receive`. */
  #turn: Promise<void> = Promise.resolve()
  /** Every message up to this number is settled. */
  #expiredThrough: number | undefined
  #countedUntil: number | undefined
  #expired: number
  #expiredTold: number
  /** Delivered and, as far as is known, not acknowledged. */
  #given = new Set<number>()
  /** Every visible message up to this number was delivered. Undefined before the first. */
  #givenThrough: number | undefined

  constructor(
    model: MessageModel,
    { recipient, connectionId, leaseId }: { recipient: string; connectionId: string; leaseId: string },
    { queue, leasedUntil }: { queue: Partial<QueueItem>; leasedUntil: number },
  ) {
    this.recipient = recipient
    this.connectionId = connectionId
    this.#model = model
    this.#leaseId = leaseId
    this.#leasedUntil = leasedUntil
    this.#ttl = queue.ttl ?? 0
    this.#expired = 0
    this.#expiredTold = queue.expiredTold ?? 0
    this.#count(queue)
  }

  #count(queue: Counts): void {
    this.#expiredThrough = queue.expiredThrough
    this.#countedUntil = queue.countedUntil
    this.#expired = queue.expired ?? 0
    // Messages miscounted as expired, and now counted correctly, were reported too early.
    this.#expiredTold = Math.min(this.#expiredTold, this.#expired)
  }

  async receive({ limit = 100, waitMs = 0, signal }: ReceiveOptions = {}): Promise<Received> {
    if (assertWait(waitMs) === 0) return this.#look(limit, signal)
    const { limits, waiters } = this.#model
    const until = performance.now() + waitMs
    using waiter = waiters.join(this.recipient)
    for (;;) {
      const received = await this.#look(limit, signal)
      const leftMs = until - performance.now()
      if (received.messages.length > 0 || received.expired > 0 || leftMs <= 0) return received
      // A read in the second half of the lease renews it.
      await waiter.wait(Math.min(leftMs, limits.leaseMs / 3), signal)
    }
  }

  /**
   * One at a time: otherwise two calls would return the same messages. Signal and deadline count from the call, also
   * while it waits its turn.
   */
  async #look(limit: number, signal: AbortSignal | undefined): Promise<Received> {
    const { store, table } = this.#model
    const before = this.#turn
    let endTurn = (): void => {}
    const turn = new Promise<void>((resolve) => {
      endTurn = resolve
    })
    // A caller that leaves before its turn does not let the next overtake the one before.
    this.#turn = before.then(() => turn)
    try {
      return await call(store, 'messages.receive', table, signal, async (abortSignal, record) => {
        record.waitsFor = 'it waited for another receive() of the same lease to end'
        await orAborted(before, abortSignal)
        record.waitsFor = undefined
        return this.#receive(limit, abortSignal)
      })
    } finally {
      endTurn()
    }
  }

  async #receive(limit: number, abortSignal: AbortSignal): Promise<Received> {
    const { store } = this.#model
    if (this.#isOver) throw this.#lost()
    await this.#recount(abortSignal)
    const items = await this.#readOn(assertLimit(limit) + this.#given.size, abortSignal)
    const now = store.now()
    const head = expiredHead(items, now)
    const fresh = items.filter((item) => this.#isFresh(item, now)).slice(0, limit)
    const isLeaseFresh = this.#leasedUntil - this.#model.clock.latestServerNow > this.#model.limits.leaseMs / 2
    if (fresh.length > 0 || head || !isLeaseFresh) await this.#renew(head, abortSignal)
    // No message is returned before the lease is known to be held, or to a caller that has gone.
    abortSignal.throwIfAborted()
    for (const { sequence } of fresh) this.#given.add(sequence)
    const last = fresh.at(-1)?.sequence
    if (last !== undefined) this.#givenThrough = Math.max(this.#givenThrough ?? 0, last)
    const expired = this.#expired - this.#expiredTold
    this.#expiredTold = this.#expired
    return { messages: fresh.map(toMessage), expired }
  }

  async release({ signal }: CallerOptions = {}): Promise<void> {
    const { store, table, queues } = this.#model
    this.#isOver = true
    this.#model.waiters.wake(this.recipient)
    await call(store, 'messages.release', table, signal, async (abortSignal) => {
      await queues
        .update({ recipient: this.recipient })
        .set({ expiredTold: this.#expiredTold, writtenAt: store.now() })
        .remove(['leaseId', 'connectionId', 'leasedUntil', 'serverUntil', 'leaseMs'])
        .where((queue, { eq }) => eq(queue.leaseId, this.#leaseId))
        .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: true, abortSignal })
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  /** Reverts what a clock that was ahead, this one before it was corrected or another's, has counted as expired. */
  async #recount(abortSignal: AbortSignal): Promise<void> {
    if (this.#countedUntil === undefined || this.#countedUntil <= this.#model.store.now()) return
    const queue = await readQueue(this.#model, this.recipient, abortSignal)
    const counted = queue && (await recount(this.#model, queue, abortSignal))
    if (counted) this.#count(counted)
  }

  /**
   * Returns the first messages of the queue. DynamoDB reads a query item by item: a message may be stored behind the
   * reading position, and the next of the same sender ahead of it. So a read with gaps in the numbers is repeated: the
   * second read includes everything stored before anything that the first one returned. What the second adds is checked
   * the same way.
   */
  async #readOn(wanted: number, abortSignal: AbortSignal): Promise<MessageItem[]> {
    const read = () => {
      const now = this.#model.store.now()
      const isEnough = (found: readonly MessageItem[]) => found.some((item) => this.#isFresh(item, now))
      return readMessages(this.#model, this.recipient, this.#expiredThrough ?? 0, wanted, abortSignal, isEnough)
    }
    let { items } = await read()
    const last = items.at(-1)?.sequence
    while (last !== undefined && this.#leavesOut(items)) {
      const known = new Set(items.map(({ sequence }) => sequence))
      items = (await read()).items.filter(({ sequence }) => sequence <= last)
      if (items.every(({ sequence }) => known.has(sequence))) break
    }
    this.#forgetAcknowledged(items, last ?? Number.POSITIVE_INFINITY)
    return items
  }

  #isFresh(item: MessageItem, now: number): boolean {
    return item.expiresAt > now && !this.#given.has(item.sequence)
  }

  /** Whether a message not delivered before is not the very next one. */
  #leavesOut(items: readonly MessageItem[]): boolean {
    let before = this.#givenThrough
    for (const { sequence } of items) {
      if (this.#given.has(sequence)) continue
      if (before === undefined || sequence !== before + 1) return true
      before = sequence
    }
    return false
  }

  /** A delivered message that is gone was acknowledged. */
  #forgetAcknowledged(items: readonly MessageItem[], last: number): void {
    const present = new Set(items.map(({ sequence }) => sequence))
    for (const sequence of this.#given) {
      if (sequence <= last && !present.has(sequence)) this.#given.delete(sequence)
    }
  }

  /** Renews the lease, and counts in the same write what has expired at the head of the queue. */
  async #renew(head: ExpiredHead | undefined, abortSignal: AbortSignal): Promise<void> {
    const { clock, limits, queues } = this.#model
    const { schemaVersion, writtenAt, ttl } = queueUpkeep(this.#model)
    const serverUntil = clock.latestServerNow + limits.leaseMs
    const mark = this.#expiredThrough
    const answer = await queues
      .update({ recipient: this.recipient })
      .data((queue, { add, set }) => {
        set(queue.leasedUntil, writtenAt + limits.leaseMs)
        if (clock.knowsServer) set(queue.serverUntil, serverUntil)
        set(queue.leaseMs, limits.leaseMs)
        set(queue.expiredTold, this.#expiredTold)
        set(queue.writtenAt, writtenAt)
        set(queue.schemaVersion, schemaVersion)
        if (ttl > this.#ttl) set(queue.ttl, ttl)
        if (head) {
          set(queue.expiredThrough, head.through)
          set(queue.countedUntil, Math.max(head.until, this.#countedUntil ?? 0))
          add(queue.expired, head.count)
        }
      })
      .where((queue, { eq, notExists }) => {
        const isOurs = eq(queue.leaseId, this.#leaseId)
        if (!head) return isOurs
        return `${isOurs} AND ${mark === undefined ? notExists(queue.expiredThrough) : eq(queue.expiredThrough, mark)}`
      })
      .go({ ...asThrown, response: 'all_new', returnOnConditionCheckFailure: 'all_old', abortSignal })
    const queue = answer.rejected
      ? await refusedQueue(this.#model, this.recipient, answer.data, abortSignal)
      : answer.data
    if (queue?.leaseId !== this.#leaseId) {
      this.#isOver = true
      throw this.#lost()
    }
    this.#count(queue)
    this.#ttl = queue.ttl ?? this.#ttl
    // A sender counted in the meantime, or our own first attempt did: only the lease is left to renew.
    if (answer.rejected) return this.#renew(undefined, abortSignal)
    this.#leasedUntil = serverUntil
    this.#model.seenLeases.note(this.recipient, queue)
  }

  #lost(): MessageLeaseLostError {
    return new MessageLeaseLostError({ recipient: this.recipient, connectionId: this.connectionId })
  }
}
