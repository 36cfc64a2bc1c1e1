import type pg from 'pg'
import type { Pool } from '../pool/pool.js'
import type { FailedRows, RawRows } from './rows-statement.js'

/** Sends statements in one round trip on a connection, which remains the caller's. */
export type SendOn<Query> = (
  client: pg.PoolClient,
  queries: readonly [Query, ...Query[]],
  done: (failed: FailedRows | undefined, answers: readonly RawRows[]) => void,
) => void

type Answered = (error: unknown, rows: RawRows | undefined) => void

interface Asked<Query> {
  readonly query: Query
  readonly answered: Answered
}

/**
 * Sends the statements of one call on one connection: those that are requested in the same tick share a round trip. It
 * acquires the connection with the first statement, and returns it at the marked end. After a failed statement it first
 * returns the connection, and continues with another: it never waits for one while holding one.
 */
export class Flight<Query> {
  readonly #pool: Pool
  readonly #sendOn: SendOn<Query>
  #client: pg.PoolClient | undefined
  #asked: Asked<Query>[] = []
  #isUnderWay = false

  constructor(pool: Pool, sendOn: SendOn<Query>) {
    this.#pool = pool
    this.#sendOn = sendOn
  }

  /** Sends a statement, and calls `answered` with its rows. */
  ask(query: Query, answered: Answered): void {
    this.#asked.push({ query, answered })
    if (!this.#isUnderWay) this.#begin()
  }

  /** Marks the end: nothing more will be sent. */
  end(): void {
    this.#client?.release()
    this.#client = undefined
  }

  #begin(): void {
    this.#isUnderWay = true
    const client = this.#client
    if (client) process.nextTick(() => this.#send(client))
    else this.#pool.take((error, taken) => (taken ? this.#send(taken) : this.#answer(this.#taken(), error, [])))
  }

  #send(client: pg.PoolClient): void {
    this.#client = client
    const asked = this.#taken()
    const queries = asked.map(({ query }) => query) as [Query, ...Query[]]
    this.#sendOn(client, queries, (failed, answers) => {
      if (failed) {
        this.#client = undefined
        client.release(failed.error)
      }
      this.#answer(asked, failed, answers)
    })
  }

  /** The statements requested so far. */
  #taken(): readonly Asked<Query>[] {
    const asked = this.#asked
    this.#asked = []
    return asked
  }

  #answer(asked: readonly Asked<Query>[], error: unknown, answers: readonly RawRows[]): void {
    this.#isUnderWay = false
    for (const [index, { answered }] of asked.entries()) answered(error, answers[index])
    if (this.#asked.length > 0) this.#begin()
  }
}
