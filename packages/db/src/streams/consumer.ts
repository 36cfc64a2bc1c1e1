// Longer than others: a consumer is one loop, whose states belong together.
import { randomUUID } from 'node:crypto'
import { Closing, DEFAULT_GRACE_MS, defined, fullJitter, type Logger, settlesWithin, sleep } from '@miyabi/core'
import type { StreamName } from '@miyabi/dynamo'
import { restoreToResume } from '../restores/restored-store.js'
import { Checkpoints, type KnownShard, type Lease } from './checkpoints.js'
import { isRetryAsked } from './dead-records.js'
import type { Delivered } from './deliver.js'
import { discover } from './discover.js'
import { told } from './poison.js'
import { readShard, ShardGone } from './read-shard.js'
import { retryDead } from './retry-dead.js'
import type { StreamSource } from './source.js'
import type {
  GapReason,
  HandleChanges,
  HandleGap,
  StreamConsumer,
  StreamDatabase,
  StreamGap,
  StreamStats,
} from './types.js'

/** The dependencies of a consumer, its defaults filled in. */
export interface ConsumerSetup<T> {
  readonly name: string
  readonly from: StreamName
  readonly db: StreamDatabase
  readonly source: StreamSource<T>
  readonly handle: HandleChanges<T>
  readonly startAt: 'oldest' | 'now'
  readonly batch: number
  readonly leaseMs: number
  readonly onGap: 'stop' | HandleGap
  readonly onPoison: 'stop' | 'dead-letter'
  readonly logger: Logger
  /** Called when it has closed. */
  readonly onClosed?: () => void
  readonly rhythm?: Rhythm
}

/** How often a consumer polls, in milliseconds. */
export interface Rhythm {
  /** For an idle shard. AWS allows five reads a second across all readers of a shard. */
  readonly idleMs: number
  /** For a shard that may be taken. */
  readonly leaseMs: number
  /** For new shards, and for removed ones. */
  readonly discoverMs: number
  /** The waits after failures. */
  readonly backoff: { readonly initialMs: number; readonly maxMs: number }
}

const RHYTHM: Rhythm = { idleMs: 250, leaseMs: 1000, discoverMs: 10_000, backoff: { initialMs: 200, maxMs: 60_000 } }

/** The longest that a handler may take for a batch, in leases. */
const DEADLINE_LEASES = 3

/** The longest that releasing the shards may take when a consumer closes, in milliseconds. */
const RELEASE_MS = 2000

/** The key of a failure of the consumer itself, rather than of a shard. */
const SELF = ''
/** The key of a failure of retrying dead letters. */
const DEAD = ' dead letters'

interface Failure {
  readonly code: string
  readonly reason: string
  /** Number of consecutive failures. */
  readonly attempt: number
}

/** Consumes a stream until it is closed. Every failure is retried. */
export class Consumer<T> implements StreamConsumer {
  readonly name: string
  readonly #setup: ConsumerSetup<T>
  readonly #rhythm: Rhythm
  readonly #checkpoints: Checkpoints
  /** Aborts when no further batch may be started. */
  readonly #ending = new AbortController()
  /** Aborts when work in progress is to be rolled back. */
  readonly #cutting = new AbortController()
  /** The shards being read. */
  readonly #reading = new Map<Lease, Promise<void>>()
  readonly #behind = new Map<Lease, number>()
  /** Dead letters are being retried. */
  #retrying: Promise<void> | undefined
  readonly #sums = { records: 0, batches: 0, passedOver: 0, dead: 0, revived: 0, fenced: 0, retries: 0 }
  /** Gaps that were already logged. */
  readonly #saidGaps = new Set<string>()
  readonly #running: Promise<void>
  readonly #closing: Closing<{ readonly drained: boolean }>
  #gaps: readonly KnownShard[] = []
  /** Current failures, by shard, or of the consumer itself. */
  readonly #failing = new Map<string, Failure>()
  #nextDiscovery = 0
  #saidNoStream = false

  constructor(setup: ConsumerSetup<T>) {
    const { name, db, leaseMs } = setup
    this.name = name
    this.#setup = setup
    this.#rhythm = setup.rhythm ?? RHYTHM
    this.#checkpoints = new Checkpoints(db, { consumer: name, holder: randomUUID(), leaseMs })
    this.#closing = new Closing(async (grace) => {
      this.#ending.abort(new Error(`the consumer ${name} is closed`))
      const drained = await grace.covers(this.#ended())
      this.#cutting.abort(new Error(`the consumer ${name} is closed`))
      const hasEnded = drained || (await settlesWithin(RELEASE_MS, this.#ended()))
      setup.onClosed?.()
      return { drained: hasEnded }
    })
    this.#running = this.#run()
  }

  stats(): StreamStats {
    return {
      consumer: this.name,
      from: this.#setup.from,
      shards: this.#reading.size,
      ...this.#sums,
      gaps: this.#gaps.length,
      behindMs: Math.max(0, ...this.#behind.values()),
      ...defined({ failing: this.#lastFailure() }),
    }
  }

  get isClosed(): boolean {
    return this.#ending.signal.aborted
  }

  close(graceMs: number = DEFAULT_GRACE_MS): Promise<{ readonly drained: boolean }> {
    return this.#closing.close(graceMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #ended(): Promise<void> {
    await this.#running
    await Promise.all([...this.#reading.values(), this.#retrying])
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        if (performance.now() >= this.#nextDiscovery) {
          await this.#untilResumed()
          this.#retryDead()
          await this.#discover()
        }
        const lease = await this.#checkpoints.lease()
        this.#failing.delete(SELF)
        if (lease) this.#read(lease)
        else await sleep(this.#rhythm.leaseMs, signal)
      } catch (error) {
        if (signal.aborted) return
        await sleep(this.#failed(SELF, error), signal).catch(() => {})
      }
    }
  }

  /** Waits while the store is restored and not resumed: its changes must not be counted again. */
  async #untilResumed(): Promise<void> {
    for (let isSaid = false; ; isSaid = true) {
      const held = await restoreToResume(this.#setup.db)
      if (!held) return
      const { code, message: reason } = held
      this.#failing.set(SELF, { code, reason, attempt: 1 })
      if (!isSaid) {
        const fields = { event: 'db.not_resumed', consumer: this.name, error: held }
        this.#setup.logger.error(fields, `consumer ${this.name} waits: ${reason}`)
      }
      await sleep(this.#rhythm.leaseMs, this.#ending.signal)
    }
  }

  async #discover(): Promise<void> {
    const { source, startAt, onGap } = this.#setup
    const { signal } = this.#ending
    const { hasStream, gaps } = await discover({ source, checkpoints: this.#checkpoints, startAt, signal })
    this.#nextDiscovery = performance.now() + this.#rhythm.discoverMs
    if (!hasStream && !this.#saidNoStream) this.#sayNoStream()
    this.#saidNoStream = !hasStream
    this.#gaps = gaps
    for (const shard of gaps) {
      const gap = this.#gapOf(shard)
      this.#sayGap(gap)
      if (onGap !== 'stop') await this.#pass(gap, onGap)
    }
  }

  /** Retries the dead letters that were requested, beside reading. */
  #retryDead(): void {
    this.#retrying ??= this.#retryAllDead().finally(() => {
      this.#retrying = undefined
    })
  }

  async #retryAllDead(): Promise<void> {
    const { db, source, handle, batch, leaseMs } = this.#setup
    const retry = { db, source, handle, batch, consumer: this.name, signal: this.#cutting.signal }
    try {
      while (!this.isClosed && (await isRetryAsked(db, this.name))) {
        const retried = await retryDead({ ...retry, deadlineMs: leaseMs * DEADLINE_LEASES })
        if (!retried) return
        this.#failing.delete(DEAD)
        this.#sums.revived += retried.revived
        this.#sums.passedOver += retried.passedOver
        if (retried.dead === 0) continue
        this.#setup.logger.warn(
          { event: 'db.stream_dead_again', consumer: this.name, dead: retried.dead },
          `consumer ${this.name}: ${retried.dead} dead letters failed again`,
        )
      }
    } catch (error) {
      if (!this.isClosed) this.#failed(DEAD, error) // the next discovery tries again
    }
  }

  /** Reports a gap and continues after it, both in one transaction. */
  async #pass(gap: StreamGap, onGap: HandleGap): Promise<void> {
    await this.#setup.db.transaction(
      async (tx, run) => {
        if (await this.#checkpoints.passGap(run.query, gap)) await onGap(gap, tx)
      },
      { signal: this.#cutting.signal },
    )
    this.#gaps = this.#gaps.filter(({ stream, shard }) => stream !== gap.stream || shard !== gap.shard)
  }

  #gapOf({ stream, shard, gap, sequence, record_at }: KnownShard): StreamGap {
    const reason: GapReason = gap ?? 'shard_gone'
    return {
      consumer: this.name,
      reason,
      stream,
      shard,
      sequence: sequence ?? undefined,
      recordAt: record_at ?? undefined,
    }
  }

  #read(lease: Lease): void {
    const reading = this.#readToEnd(lease).finally(() => {
      this.#reading.delete(lease)
      this.#behind.delete(lease)
    })
    this.#reading.set(lease, reading)
  }

  async #readToEnd(lease: Lease): Promise<void> {
    const { db, source, handle, batch, leaseMs, onPoison } = this.#setup
    const { signal } = this.#ending
    try {
      const end = await readShard(
        {
          db,
          source,
          handle,
          batch,
          leaseMs,
          onPoison,
          checkpoints: this.#checkpoints,
          deadlineMs: leaseMs * DEADLINE_LEASES,
          idleMs: this.#rhythm.idleMs,
          ending: signal,
          signal: this.#cutting.signal,
          observer: {
            committed: (records, delivered, behindMs) => this.#committed(lease, records, delivered, behindMs),
            failed: (error) => this.#failed(lease.shard, error),
          },
        },
        lease,
      )
      if (end === 'fenced') this.#sums.fenced += 1
      // Its children are read next; a gap is to be reported.
      if (end === 'end' || end === 'gap') this.#nextDiscovery = 0
    } catch (error) {
      if (error instanceof ShardGone) this.#nextDiscovery = 0
      else await sleep(this.#failed(lease.shard, error), signal).catch(() => {})
    }
    await this.#checkpoints.release(lease).catch(() => {}) // otherwise the lease expires
  }

  #committed(lease: Lease, records: number, { passedOver, dead }: Delivered, behindMs: number): void {
    this.#behind.set(lease, behindMs)
    this.#failing.delete(lease.shard)
    if (records === 0) return
    this.#sums.records += records
    this.#sums.batches += 1
    this.#sums.passedOver += passedOver
    this.#sums.dead += dead
    if (dead === 0) return
    this.#setup.logger.error(
      { event: 'db.stream_dead', consumer: this.name, shard: lease.shard, dead },
      `consumer ${this.name}: ${dead} records could not be handled and are in stream_dead`,
    )
  }

  /** Records a failure, and returns how long to wait. */
  #failed(where: string, error: unknown): number {
    const { code, message } = told(error)
    const before = this.#failing.get(where)
    this.#sums.retries += 1
    if (before?.code !== code) {
      this.#setup.logger.warn(
        { event: 'db.stream_failing', consumer: this.name, code },
        `consumer ${this.name}: ${message}; retrying`,
      )
    }
    const attempt = (before?.attempt ?? 0) + 1
    this.#failing.set(where, { code, reason: message, attempt })
    return fullJitter(attempt, this.#rhythm.backoff)
  }

  #lastFailure(): StreamStats['failing'] {
    const last = [...this.#failing.values()].at(-1)
    return last && { code: last.code, reason: last.reason }
  }

  #sayGap({ reason, stream, shard, sequence }: StreamGap): void {
    const key = `${stream} ${shard} ${reason}`
    if (this.#saidGaps.has(key)) return
    this.#saidGaps.add(key)
    this.#setup.logger.error(
      { event: 'db.stream_gap', consumer: this.name, reason, stream, shard, sequence },
      `consumer ${this.name}: records of ${shard} are lost (${reason})${this.#setup.onGap === 'stop' ? '; it stops until it is given onGap' : ''}`,
    )
  }

  #sayNoStream(): void {
    this.#setup.logger.warn(
      { event: 'db.stream_missing', consumer: this.name, from: this.#setup.from },
      `consumer ${this.name}: the table has no stream; \`pnpm db:tables apply\` creates one`,
    )
  }
}
