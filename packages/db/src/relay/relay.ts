// Longer than others: the one loop that runs everything about a relay in order.
import { Closing, fullJitter, type Grace, type Logger, safeCause, settlesWithin } from '@miyabi/core'
import type { RestoreDetails } from '../errors/not-resumed-error.js'
import { restoreToResume } from '../restores/restored-store.js'
import { attempt, errorText, type Outcome } from './attempt.js'
import { type Chain, Hand, type RowInHand } from './hand.js'
import { type Ask, Leases } from './leases.js'
import type { RelayLimits } from './options.js'
import { Reader } from './reader.js'
import { Recorder } from './recorder.js'
import type { OutboxRow } from './row.js'
import { BACKLOG } from './statements.js'
import { RelayCounts, type RelayStats } from './stats.js'
import type { FindTarget } from './target.js'

/** The dependencies of a relay. */
export interface RelayWorld {
  /** Queries PostgreSQL as the service. */
  readonly ask: Ask
  readonly find: FindTarget
  /** Whether the actor of a row may emit it. */
  readonly isAllowed: (row: OutboxRow) => boolean
  /** Its id in the leases. */
  readonly id: string
  /** Stores by topic: all topics of one are paused while it is unreachable. */
  readonly stores: Readonly<Record<string, string>>
  /** Topics with a handler here: counted from zero. */
  readonly topics?: readonly string[]
  /** Whether it is notified of all commits of other processes. */
  readonly isHearing: () => boolean
  readonly logger: Logger
}

/** The end of a relay, or of its work. */
export interface RelayDrained {
  readonly drained: boolean
}

/** How often the outbox is polled while rows arrive, while none do, and while commits are notified. In milliseconds. */
const POLL_MS = { busy: 25, idle: 250, hearing: 1000 }
const BUSY_FOR_MS = 1000
/** How often failed rows that other relays have left are polled, in milliseconds. */
const LOOK_FOR_FAILED_MS = 1000
const UPKEEP_EVERY_MS = 5000
const PURGE_EVERY_MS = 60_000
const DEPTH_BOUND = 10_000
const BACKOFF = { initialMs: 100, maxMs: 2000 }
/** The pause after the store of a topic was unreachable, in milliseconds. */
const PAUSE = { initialMs: 100, maxMs: 5000 }

/** Delivers the effects that committed transactions left in the outbox. */
export class OutboxRelay {
  readonly #world: RelayWorld
  readonly #limits: RelayLimits
  readonly #leases: Leases
  readonly #hand = new Hand()
  readonly #counts: RelayCounts
  readonly #reader: Reader
  readonly #recorder: Recorder
  readonly #cut = new AbortController()
  readonly #ended: Promise<void>
  readonly #onIdle = new Set<(isIdle: boolean) => void>()
  #wake: (() => void) | undefined
  #isWoken = false
  readonly #closing = new Closing<RelayDrained>((grace) => this.#close(grace))
  /** Chains that are processed one by one, and rows that are gathered in batches. */
  #running = 0
  #batched = 0
  #times = { renew: 0, poll: 0, failed: 0, upkeep: 0, purge: 0, busyUntil: 0 }
  /** By store. */
  readonly #pauses = new Map<string, { until: number; count: number }>()
  #failures = 0
  #waitsForResume = false
  #backlog: Pick<RelayStats, 'depth' | 'lagMs'> = { depth: 0, lagMs: 0 }

  constructor(world: RelayWorld, limits: RelayLimits) {
    this.#world = world
    this.#limits = limits
    this.#counts = new RelayCounts(world.topics)
    const holder = world.id
    this.#leases = new Leases(world.ask, holder, limits.leaseMs)
    this.#reader = new Reader(world.ask)
    this.#recorder = new Recorder(world, { holder, hand: this.#hand, leases: this.#leases, counts: this.#counts })
    this.#ended = this.#run()
  }

  /** A transaction may have committed. */
  wake(): void {
    this.#times.poll = 0
    this.#signal()
  }

  /** A store is reachable again. */
  resume(store: string): void {
    const pause = this.#pauses.get(store)
    if (!pause) return
    pause.until = 0
    this.wake()
  }

  /** The same for as long as no other relay may deliver anything; undefined while one may. */
  get coverage(): unknown {
    return this.#leases.coverage
  }

  stats(): RelayStats {
    return {
      partitions: this.#leases.working.length,
      ...this.#backlog,
      rows: this.#hand.size,
      topics: this.#counts.topics,
      unknown: this.#recorder.unknown,
      waitsForResume: this.#waitsForResume,
    }
  }

  /** Resolves when nothing is left that could be delivered now, or after the time limit. */
  drain(timeoutMs: number): Promise<RelayDrained> {
    return new Promise((resolve) => {
      const end = (drained: boolean): void => {
        clearTimeout(timer)
        this.#onIdle.delete(end)
        resolve({ drained })
      }
      const timer = setTimeout(() => end(false), timeoutMs)
      this.#onIdle.add(end)
      this.wake()
    })
  }

  /**
   * Starts nothing more, waits for work in flight, records it, and releases its partitions. A second call returns the
   * first promise, and may shorten its wait.
   */
  close(graceMs: number): Promise<RelayDrained> {
    return this.#closing.close(graceMs)
  }

  /** Whether `close()` was called. */
  get isClosed(): boolean {
    return this.#closing.hasBegun
  }

  async #close(grace: Grace): Promise<RelayDrained> {
    this.#signal()
    const isIdle = await grace.covers(this.#ended)
    if (!isIdle) this.#cut.abort(new Error('the relay was closed'))
    for (const end of [...this.#onIdle]) end(false)
    const last = (async () => {
      await this.#recorder.record()
      await this.#leases.release()
    })()
    const isRecorded = await settlesWithin(Math.max(1000, grace.remainingMs), last)
    const isReleased =
      isRecorded &&
      (await last.then(
        () => true,
        () => false,
      ))
    return { drained: isIdle && isReleased && this.#running + this.#batched === 0 }
  }

  async #run(): Promise<void> {
    while (!this.isClosed) {
      try {
        await this.#step()
        if (this.#failures > 0) this.#world.logger.info({ event: 'db.relay_back' }, 'the relay is working again')
        this.#failures = 0
        await this.#rest()
      } catch (error) {
        const { message } = safeCause(error)
        if (this.#failures === 0)
          this.#world.logger.error({ event: 'db.relay_failed', error }, `the relay cannot work: ${message}`)
        await this.#sleep(fullJitter(this.#failures++, BACKOFF) + 1)
      }
    }
    while (this.#running + this.#batched > 0 && !this.#cut.signal.aborted) await this.#sleep(1000)
  }

  /** In sequence: what failed is recorded before more of its key is read. */
  async #step(): Promise<void> {
    const now = performance.now()
    if (now >= this.#times.renew) {
      await this.#leases.renew((partition) => this.#hand.isFinished(partition))
      this.#times.renew = now + this.#limits.leaseMs / 3
      await this.#noteRestore()
    }
    await this.#recorder.record()
    await this.#read()
    await this.#keepUp()
  }

  /** A relay that holds nothing may be blocked. */
  async #noteRestore(): Promise<void> {
    const { ask, logger } = this.#world
    const query = async (text: string) => ({ rows: await ask<RestoreDetails>(text, []) })
    const held = this.#leases.held.size === 0 ? await restoreToResume({ query }) : undefined
    if (held && !this.#waitsForResume)
      logger.error({ event: 'db.not_resumed', error: held }, `the relay waits: ${held.message}`)
    this.#waitsForResume = held !== undefined
  }

  async #read(): Promise<void> {
    const room = this.#limits.maxRows - this.#hand.size
    const now = performance.now()
    const isDue =
      now >= Math.min(this.#times.poll, this.#recorder.nextDue) || this.#reader.hasMore || this.#recorder.freedKeys
    if (!isDue || room < this.#limits.maxRows / 4 || this.#leases.working.length === 0) return this.#endDrain()
    this.#recorder.freedKeys = false
    const paused = Object.entries(this.#world.stores).flatMap(([topic, store]) =>
      now < (this.#pauses.get(store)?.until ?? 0) ? [topic] : [],
    )
    const question = { partitions: this.#leases.working, hand: this.#hand, room, paused }
    const isForFailed = now >= Math.min(this.#times.failed, this.#recorder.nextDue)
    if (isForFailed) {
      this.#times.failed = now + LOOK_FOR_FAILED_MS
      this.#recorder.nextDue = Number.POSITIVE_INFINITY
    }
    const rows = await this.#reader.read(question, isForFailed)
    let taken = 0
    for (const row of rows) if (this.#take(row, paused)) taken += 1
    if (taken === 0) this.#reader.hasMore = false
    else this.#times.busyUntil = performance.now() + BUSY_FOR_MS
    this.#times.poll = performance.now() + this.#pollMs()
    this.#begin()
    if (rows.length === 0) await this.#endDrain()
  }

  #take(row: OutboxRow, paused: readonly string[]): boolean {
    const held = this.#leases.held.get(row.partition)
    if (!held || this.#hand.has(row.position)) return false
    if (paused.includes(row.topic)) {
      if (row.key !== undefined) this.#reader.passOver(row.key)
      return false
    }
    if (row.key !== undefined && this.#reader.isPassedOver(row.key)) return false
    return this.#hand.take({ row, held, target: this.#world.find(row) })
  }

  /** Starts what there is room for. */
  #begin(): void {
    if (this.isClosed) return
    for (let chain = this.#hand.nextBatched(); chain; chain = this.#hand.nextBatched()) {
      this.#batched += 1
      void this.#work(chain).then(() => {
        this.#batched -= 1
        this.#signal()
      })
    }
    while (this.#running < this.#limits.concurrency) {
      const chain = this.#hand.next()
      if (!chain) return
      this.#running += 1
      void this.#work(chain).then(() => {
        this.#running -= 1
        this.#begin()
        this.#signal()
      })
    }
  }

  async #work(chain: Chain): Promise<void> {
    for (let entry = chain.rows[0]; entry; entry = chain.rows[0]) {
      if (!this.#maySend(entry)) {
        this.#hand.drop(chain)
        break
      }
      chain.rows.shift()
      if (!(await this.#workOn(entry, chain))) break
    }
    this.#hand.end(chain)
  }

  /** Whether the chain continues. */
  async #workOn(entry: RowInHand, chain: Chain): Promise<boolean> {
    const { row, target } = entry
    if (!target) {
      this.#hand.break(chain)
      this.#recorder.unknownTopic(entry)
      return false
    }
    const { isAllowed } = this.#world
    const outcome: Outcome = await attempt(row, target, { isAllowed, signal: this.#cut.signal })
    if (outcome.kind === 'done') {
      this.#pauses.delete(this.#world.stores[row.topic] ?? '')
      this.#recorder.done(entry)
      return true
    }
    if (this.#cut.signal.aborted || outcome.kind === 'pause') {
      this.#hand.forget(entry)
      this.#hand.drop(chain)
      if (outcome.kind === 'pause') this.#pauseStore(this.#world.stores[row.topic] ?? row.topic, outcome.error)
      return false
    }
    this.#hand.break(chain)
    this.#recorder.failed(entry, target, outcome)
    return false
  }

  #maySend({ held }: RowInHand): boolean {
    const { partition } = held
    return !this.isClosed && this.#leases.held.get(partition) === held && this.#leases.maySend(partition)
  }

  #pauseStore(store: string, error: unknown): void {
    const now = performance.now()
    const pause = this.#pauses.get(store) ?? { until: 0, count: 0 }
    if (now < pause.until) return
    this.#pauses.set(store, { until: now + fullJitter(pause.count, PAUSE) + 20, count: pause.count + 1 })
    this.#reader.forgetPassedOver()
    if (pause.count === 0)
      this.#world.logger.warn(
        { event: 'db.outbox.paused', error, store },
        `effects on ${store} are paused: ${errorText(error)}`,
      )
  }

  #pollMs(): number {
    if (performance.now() < this.#times.busyUntil) return POLL_MS.busy
    return this.#world.isHearing() ? POLL_MS.hearing : POLL_MS.idle
  }

  async #keepUp(): Promise<void> {
    const now = performance.now()
    if (now >= this.#times.upkeep) {
      this.#times.upkeep = now + UPKEEP_EVERY_MS
      const { working } = this.#leases
      const [counted] = await this.#world.ask<{ depth: number; lag_ms: number }>(BACKLOG, [
        working.map(({ partition }) => partition),
        working.map(({ floor }) => String(floor.value)),
        DEPTH_BOUND,
      ])
      this.#backlog = { depth: counted?.depth ?? 0, lagMs: counted?.lag_ms ?? 0 }
    }
    if (now >= this.#times.purge) {
      this.#times.purge = now + PURGE_EVERY_MS
      await this.#world.ask('SELECT purge_commit_marks()', [])
    }
  }

  /** Resolves callers that wait for the end of the work. */
  async #endDrain(): Promise<void> {
    if (this.#onIdle.size === 0 || this.#hand.size > 0 || this.#recorder.isOpen) return
    const waiting = [...this.#onIdle]
    if (await this.#reader.isAnythingDue()) return
    for (const end of waiting) end(true)
  }

  async #rest(): Promise<void> {
    const { renew, poll } = this.#times
    if (this.#recorder.isOpen) return this.#sleep(0)
    const hasRoom = this.#hand.size <= (this.#limits.maxRows * 3) / 4
    const isEager = hasRoom && (this.#reader.hasMore || this.#recorder.freedKeys)
    const until = isEager ? 0 : Math.min(renew, hasRoom ? Math.min(poll, this.#recorder.nextDue) : renew)
    await this.#sleep(Math.max(0, until - performance.now()))
  }

  #signal(): void {
    this.#isWoken = true
    this.#wake?.()
  }

  /** Waits for the time or a signal. */
  async #sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#isWoken ? 0 : Math.min(ms, 2 ** 30))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
    this.#isWoken = false
  }
}
