import { silentLogger, sleep } from '@miyabi/core'
import type { Postgres } from '@miyabi/postgres'
import { Consumer } from '../../src/streams/consumer.js'
import type { StreamSource } from '../../src/streams/source.js'
import type { HandleChanges, StreamDatabase, StreamStats } from '../../src/streams/types.js'
import type { Put } from './shard-tree.js'

/** A consumer's lease in these tests, in milliseconds. */
export const LEASE_MS = 150

const never = new Promise<never>(() => {})

/**
 * A process that dies at the so-manieth of its steps, wherever that is, or sleeps through its lease there: from then on
 * nothing of it happens.
 */
export class Worker {
  readonly consumer: Consumer<Put>
  /** Settles when it dies. */
  readonly death: Promise<void>
  isDead = false
  readonly #postgres: StreamDatabase
  readonly #diesAtCommit: boolean
  #stepsLeft: number
  #sleepAt: number
  #sleep = Promise.resolve()
  #die = (): void => {}

  constructor(
    postgres: Postgres,
    options: {
      readonly source: StreamSource<Put>
      readonly handle: HandleChanges<Put>
      readonly steps: number
      /** After how many of them all of it sleeps for longer than its lease, the next time that it has read records. */
      readonly awakeSteps: number
      /** Whether it dies with a transaction done but for its COMMIT. */
      readonly diesAtCommit: boolean
      /** Breaks the protocol on purpose: the checkpoint is committed by itself. */
      readonly isCheckpointApart: boolean
    },
  ) {
    const { source, handle, steps, awakeSteps, diesAtCommit, isCheckpointApart } = options
    this.#postgres = postgres
    this.#stepsLeft = steps
    this.#diesAtCommit = diesAtCommit
    this.#sleepAt = steps - awakeSteps
    this.death = new Promise((resolve) => {
      this.#die = resolve
    })
    const mortal = <T>(work: () => Promise<T>): Promise<T> => this.#step().then(work).then(this.#alive)
    this.consumer = new Consumer<Put>({
      name: 'ledger',
      from: 'events',
      db: {
        query: (text, values) => mortal(() => this.#postgres.query(text, values)),
        transaction: async (work, transactionOptions) => {
          if (this.#stepsLeft <= this.#sleepAt) {
            this.#sleepAt = Number.NEGATIVE_INFINITY
            this.#sleep = sleep(LEASE_MS * 3)
          }
          return mortal(() =>
            this.#postgres.transaction(
              async (tx, run) => {
                const result = await work(tx, isCheckpointApart ? { ...run, query: this.#postgres.query } : run)
                await this.#step(true)
                return result
              },
              { ...transactionOptions, retry: false },
            ),
          )
        },
      },
      source: {
        paceMs: 0,
        current: (signal) => source.current(signal),
        shards: (...args) => mortal(() => source.shards(...args)),
        iterator: (...args) => mortal(() => source.iterator(...args)),
        read: (...args) => mortal(() => source.read(...args)),
        parse: (...args) => mortal(() => source.parse(...args)),
      },
      handle,
      startAt: 'oldest',
      batch: 7,
      leaseMs: LEASE_MS,
      onGap: 'stop',
      onPoison: 'stop',
      logger: silentLogger,
      rhythm: { idleMs: 2, leaseMs: 2, discoverMs: 5, backoff: { initialMs: 1, maxMs: 10 } },
    })
  }

  get stats(): StreamStats {
    return this.consumer.stats()
  }

  /** One step further; the last is its death, after which nothing of it goes on but a ROLLBACK. */
  async #step(isCommit = false): Promise<void> {
    await this.#sleep
    if (!this.isDead && (--this.#stepsLeft > 0 || (this.#diesAtCommit && !isCommit))) return
    this.isDead = true
    this.#die()
    if (isCommit) throw new Error('it died before its COMMIT')
    await never
  }

  readonly #alive = <T>(result: T): Promise<T> | T => (this.isDead ? never : result)
}
