import type { Logger } from '@miyabi/core'
import { errorText, type Outcome } from './attempt.js'
import type { Hand, RowInHand } from './hand.js'
import type { Ask, Leases } from './leases.js'
import { BURY, DELETE_DONE, POSTPONE } from './statements.js'
import type { RelayCounts } from './stats.js'
import type { Target } from './target.js'
import { UnknownRows } from './unknown-rows.js'

/** The wait between two attempts: doubled with each, up to ten minutes, with jitter. In milliseconds. */
const BACKOFF = { initialMs: 500, maxMs: 600_000 }
/** Rows without a handler here are checked again after this time; with jitter, in milliseconds. */
const UNKNOWN_AGAIN_MS = 10_000
/** A missing handler is logged again after this time, in milliseconds. */
const SAID_EVERY_MS = 60_000

/** A row that will be attempted again. */
interface Postponed {
  readonly entry: RowInHand
  readonly attempts: number
  readonly waitMs: number
  readonly error: string
}

/** A row that will not. */
interface Buried {
  readonly entry: RowInHand
  readonly attempts: number
  readonly error: string
}

/** Records the outcomes of the processed rows, and releases them. */
export class Recorder {
  readonly #ask: Ask
  readonly #logger: Logger
  readonly #holder: string
  readonly #hand: Hand
  readonly #leases: Leases
  readonly #counts: RelayCounts
  #done: RowInHand[] = []
  #postponed: Postponed[] = []
  #buried: Buried[] = []
  readonly #unknown = new UnknownRows()
  readonly #saidAt = new Map<string, number>()
  /** Whether rows were recorded whose key had held others back. */
  freedKeys = false
  /** When the next row that was postponed here is due, by `performance.now()`. */
  nextDue = Number.POSITIVE_INFINITY

  constructor(
    { ask, logger }: { readonly ask: Ask; readonly logger: Logger },
    of: { readonly holder: string; readonly hand: Hand; readonly leases: Leases; readonly counts: RelayCounts },
  ) {
    this.#ask = ask
    this.#logger = logger
    this.#holder = of.holder
    this.#hand = of.hand
    this.#leases = of.leases
    this.#counts = of.counts
  }

  /** Whether anything is to be recorded. */
  get isOpen(): boolean {
    return this.#done.length + this.#postponed.length + this.#buried.length > 0
  }

  /** Rows that wait for a relay with a handler, as far as this one has met them in the last minute. */
  get unknown(): Record<string, number> {
    return this.#unknown.counts
  }

  done(entry: RowInHand): void {
    const { topic, attempts } = entry.row
    this.#counts.add(topic, 'delivered')
    if (attempts > 0) this.#counts.add(topic, 'redelivered')
    this.#done.push(entry)
  }

  failed(entry: RowInHand, target: Target, outcome: Exclude<Outcome, { kind: 'done' | 'pause' }>): void {
    const { topic, id, position } = entry.row
    const attempts = entry.row.attempts + 1
    const error = errorText(outcome.error)
    this.#counts.add(topic, 'failed')
    if (outcome.kind === 'again' && (!outcome.isCounted || attempts < target.attempts)) {
      const waitMs =
        Math.min(BACKOFF.maxMs, BACKOFF.initialMs * 2 ** Math.min(attempts, 30)) * (0.5 + Math.random() / 2)
      this.#postponed.push({ entry, attempts, waitMs, error })
      return
    }
    this.#counts.add(topic, 'dead')
    this.#buried.push({ entry, attempts, error })
    this.#logger.error(
      { event: 'db.outbox.dead', topic, id, position: String(position), attempts, reason: error },
      `an effect ${topic} becomes a dead letter after ${attempts} attempts: ${error}`,
    )
  }

  /** No handler here for the topic, or this version of it: a relay of another deployment may have one. */
  unknownTopic(entry: RowInHand): void {
    const { topic, version, attempts } = entry.row
    const name = `${topic}@${version}`
    const now = performance.now()
    this.#unknown.meet(entry.row)
    if (now - (this.#saidAt.get(name) ?? Number.NEGATIVE_INFINITY) >= SAID_EVERY_MS) {
      this.#saidAt.set(name, now)
      this.#logger.warn(
        { event: 'db.outbox.unknown', topic, version },
        `no handler for the effect ${topic} in version ${version}: its rows wait for a relay that has one`,
      )
    }
    // It blocks its key like a failed row, and no attempt is counted.
    const waitMs = UNKNOWN_AGAIN_MS * (0.5 + Math.random() / 2)
    const error = 'db.outbox.unknown: no relay that met it had a handler'
    this.#postponed.push({ entry, attempts: Math.max(1, attempts), waitMs, error })
  }

  /** Records all of it. What cannot be recorded is tried again with the next call. */
  async record(): Promise<void> {
    await this.#take('done', async (done) => {
      const partitions = done.map(({ row }) => row.partition)
      const positions = done.map(({ row }) => String(row.position))
      const [written] = await this.#ask<{ readonly id: string }>(DELETE_DONE, [partitions, positions])
      if (written) for (const { floor } of this.#leases.held.values()) floor.wrote(BigInt(written.id))
      for (const entry of done) {
        this.#hand.forget(entry)
        if (entry.row.attempts > 0 && entry.row.key !== undefined) this.freedKeys = true
      }
    })
    await this.#take('postponed', async (postponed) => {
      const { of, rows } = this.#places(postponed)
      await this.#ask(POSTPONE, [...of, ...rows, postponed.map(({ waitMs }) => waitMs), errorsOf(postponed)])
      for (const { entry, waitMs } of postponed) {
        this.#hand.forget(entry, { mend: true })
        this.nextDue = Math.min(this.nextDue, performance.now() + waitMs)
      }
    })
    await this.#take('buried', async (buried) => {
      const { of, rows } = this.#places(buried)
      await this.#ask(BURY, [...of, ...rows, errorsOf(buried)])
      for (const { entry } of buried) this.#hand.forget(entry, { mend: true })
      this.freedKeys = true
    })
  }

  /** One kind of outcome to record, all or none of it. */
  async #take<K extends 'done' | 'postponed' | 'buried'>(
    kind: K,
    write: (entries: K extends 'done' ? RowInHand[] : K extends 'buried' ? Buried[] : Postponed[]) => Promise<void>,
  ): Promise<void> {
    const lists = { done: this.#done, postponed: this.#postponed, buried: this.#buried }
    const entries = lists[kind] as Parameters<typeof write>[0]
    if (entries.length === 0) return
    const taken = entries.splice(0) as typeof entries
    try {
      await write(taken)
    } catch (error) {
      ;(entries as unknown[]).unshift(...taken)
      throw error
    }
  }

  #places(entries: readonly { readonly entry: RowInHand; readonly attempts: number }[]) {
    const held = [...new Set(entries.map(({ entry }) => entry.held))]
    return {
      of: [this.#holder, held.map(({ partition }) => partition), held.map(({ fence }) => fence)],
      rows: [
        entries.map(({ entry }) => entry.row.partition),
        entries.map(({ entry }) => String(entry.row.position)),
        entries.map(({ attempts }) => attempts),
      ],
    }
  }
}

const errorsOf = (entries: readonly { readonly error: string }[]): string[] => entries.map(({ error }) => error)
