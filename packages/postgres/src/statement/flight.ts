import type pg from 'pg'
import { setPipelined } from '../internals/pg.js'
import type { Pool } from '../pool/pool.js'
import { FailedRows, type RawRows } from './rows-statement.js'

/** Sends a statement on a connection, which remains the caller's. */
export type SendOn<Query> = (client: pg.PoolClient, query: Query) => Promise<RawRows>

/**
 * Sends the statements of one call on one connection, each as soon as it is known. It takes the connection with the
 * first statement, and returns it when told that there are no more. After a failed statement it first returns the
 * connection, and continues with another: it never waits for one while holding one.
 */
export class Flight<Query> {
  readonly #pool: Pool
  readonly #sendOn: SendOn<Query>
  #client: Promise<pg.PoolClient> | undefined
  #running = 0
  #failure: Error | undefined
  #isOver = false
  #freed: (() => void)[] = []

  constructor(pool: Pool, sendOn: SendOn<Query>) {
    this.#pool = pool
    this.#sendOn = sendOn
  }

  /** Sends a statement, and returns its rows. */
  async rows(query: Query): Promise<RawRows> {
    while (this.#failure) await this.#untilFree()
    this.#running += 1
    let failure: Error | undefined
    try {
      return await this.#sendOn(await this.#connection(), query)
    } catch (error) {
      failure = error instanceof FailedRows ? error.error : (error as Error)
      throw error
    } finally {
      this.#running -= 1
      await this.#settle(failure)
    }
  }

  /** Marks the end: nothing more will be sent. */
  async end(): Promise<void> {
    this.#isOver = true
    await this.#settle(undefined)
  }

  #connection(): Promise<pg.PoolClient> {
    this.#client ??= this.#pool.acquire().then((client) => {
      setPipelined(client, true)
      return client
    })
    return this.#client
  }

  #untilFree(): Promise<void> {
    return new Promise((resolve) => {
      this.#freed.push(resolve)
    })
  }

  async #settle(failure: Error | undefined): Promise<void> {
    this.#failure ??= failure
    if (this.#running > 0 || !(this.#failure || this.#isOver)) return
    const [given, reason, waiting] = [this.#client, this.#failure, this.#freed]
    this.#client = undefined
    this.#failure = undefined
    this.#freed = []
    const client = await given?.catch(() => undefined)
    if (client) {
      setPipelined(client, false)
      client.release(reason)
    }
    for (const resolve of waiting) resolve()
  }
}
