import {
  assertAboveZero,
  type BackfillBatch,
  type BackfillOptions,
  type BackfillProgress,
  defined,
  MiyabiError,
  runBackfill,
} from '@miyabi/core'
import pg from 'pg'
import { toConnectError } from '../connection/connect-error.js'
import { parseTarget, type Target } from '../connection/target.js'
import { BackfillError } from './errors.js'
import { lockPlace, noteBeginning, notePlace } from './progress.js'
import { changeRows, lockNextRows, waitForRow } from './rows.js'
import { actAsOwner, assertSeesAll, type BackfillTable, readTable } from './table.js'

/** A change of every row of a table, in small batches, while it is used. */
export interface RowsBackfill extends BackfillOptions {
  /** The migrator's URL, past any pooler. */
  readonly databaseUrl: string
  /**
   * Under this name the database remembers how far it is: it goes on where it was, and what is done is not done again.
   */
  readonly name: string
  /**
   * As SQL names it, with its schema where that is not the URL's. It needs a primary key, whose values do not change.
   */
  readonly table: string
  /** What `UPDATE ... SET` is given, in terms of `t`: `title = initcap(t.name)`. Text of yours, never of a user. */
  readonly set: string
  /** Which rows are changed, in terms of `t`; the others are passed by. Default: all. */
  readonly where?: string | undefined
  /** Rows in one transaction. Default 500. Fewer hold up writers for a shorter time. */
  readonly batchRows?: number | undefined
  /**
   * How long one statement may wait for a lock, in milliseconds, before the batch is rolled back and made again.
   * Default 500. Keep it below the writers' own, so that it is the backfill that gives way.
   */
  readonly lockTimeoutMs?: number | undefined
  /** How long one statement may take, in milliseconds. Default 2000. */
  readonly statementTimeoutMs?: number | undefined
}

/**
 * Changes the rows of a table in the order of their primary key, a batch a transaction, as the table's owner. With each
 * batch its place is committed: whatever ends the process, no row is left out and none is changed twice. Two at once
 * take turns.
 *
 * Writers wait for one batch at most. It never waits for a row while it holds others, so that it takes part in no
 * deadlock. Rows that are inserted meanwhile may lie behind it: a default or a trigger has to care for them, before it
 * begins.
 *
 * @throws {BackfillError} why it stopped. What was done is kept; it goes on when it is run again.
 * @throws {MiyabiError} `core.backfill.option_invalid` for a number that is not above 0.
 * @throws what keeps the database from being asked, and the signal's reason.
 */
export async function backfillRows(backfill: RowsBackfill): Promise<BackfillProgress> {
  const { rowsPerSecond, batchRows, lockTimeoutMs, statementTimeoutMs } = backfill
  assertAboveZero({ rowsPerSecond, batchRows, lockTimeoutMs, statementTimeoutMs })
  const target = parseTarget(backfill.databaseUrl)
  await using session = new Session(target, backfill)
  const table = await session.transaction(async (client) => {
    const found = await readTable(client, backfill.name, backfill.table)
    await actAsOwner(client, backfill.name, found)
    await assertSeesAll(client, backfill.name, found)
    await noteBeginning(client, backfill.name, found, changeText(backfill, found))
    return found
  })
  let rowAlone: readonly string[] | undefined
  return await runBackfill(
    () =>
      session.transaction(async (client) => {
        await actAsOwner(client, backfill.name, table)
        await assertSeesAll(client, backfill.name, table)
        const { result, blocked } = await runBatch(client, backfill, table, rowAlone)
        rowAlone = blocked
        return result
      }),
    { ...backfill, total: table.estimate },
  )
}

/**
 * @param rowAlone the next row, which somebody held: it is waited for, and nothing else is locked meanwhile.
 * @returns what was done, and the row to wait for next when the very first was held.
 */
async function runBatch(
  client: pg.Client,
  backfill: RowsBackfill,
  table: BackfillTable,
  rowAlone: readonly string[] | undefined,
): Promise<{ readonly result: BackfillBatch; readonly blocked?: readonly string[] }> {
  const { name, batchRows = 500 } = backfill
  const place = await lockPlace(client, name)
  if (place.isDone) return { result: { rows: 0, ...place } }
  if (rowAlone) await waitForRow(client, table, rowAlone)
  const { held, blocked } = await lockNextRows(client, table, place.position, rowAlone ? 1 : Math.ceil(batchRows))
  const last = held.at(-1)
  if (last === undefined && blocked) return { result: { rows: 0, ...place }, blocked }
  const next = {
    position: last ?? place.position,
    seen: place.seen + held.length,
    changed: place.changed + (last ? await changeRows(client, table, held, backfill) : 0),
    isDone: last === undefined,
  }
  await notePlace(client, name, next)
  return { result: { rows: held.length, ...next } }
}

const changeText = ({ set, where }: RowsBackfill, { name }: BackfillTable): string =>
  `UPDATE ${name} SET ${set}${where === undefined ? '' : ` WHERE ${where}`}`

/** One connection, which is opened anew after it broke. */
class Session implements AsyncDisposable {
  readonly #target: Target
  readonly #backfill: RowsBackfill
  #client: pg.Client | undefined

  constructor(target: Target, backfill: RowsBackfill) {
    this.#target = target
    this.#backfill = backfill
  }

  /**
   * @throws {BackfillError} `migrate.backfill.blocked`, retryable, for what may pass; `migrate.backfill.refused` for
   *   what will not. A lost COMMIT is no riddle, as the place that is read next was committed with it or not.
   */
  async transaction<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    try {
      const client = await this.#connect()
      await client.query('BEGIN ISOLATION LEVEL READ COMMITTED')
      const result = await work(client)
      await client.query('COMMIT')
      return result
    } catch (error) {
      await this.#rollBack()
      throw this.#explained(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.end().catch(() => {})
  }

  async #connect(): Promise<pg.Client> {
    if (this.#client) return this.#client
    const { lockTimeoutMs = 500, statementTimeoutMs = 2000 } = this.#backfill
    const client = new pg.Client({
      ...this.#target.config,
      application_name: `miyabi backfill ${this.#backfill.name}`.slice(0, 63),
      lock_timeout: lockTimeoutMs,
      statement_timeout: statementTimeoutMs,
      // A process that hangs must not keep writers from its rows.
      idle_in_transaction_session_timeout: statementTimeoutMs,
      query_timeout: 2 * statementTimeoutMs + 5000,
    })
    client.on('error', () => {}) // a connection that breaks fails its query; without a listener it would end the process
    await client.connect()
    this.#client = client
    return client
  }

  async #rollBack(): Promise<void> {
    const client = this.#client
    try {
      await client?.query('ROLLBACK')
    } catch {
      this.#client = undefined
      client?.end().catch(() => {})
    }
  }

  #explained(error: unknown): Error {
    if (error instanceof MiyabiError || error instanceof TypeError) return error
    const { name: backfill, lockTimeoutMs = 500, statementTimeoutMs = 2000 } = this.#backfill
    const blocked = (problem: string, sqlstate?: string): BackfillError =>
      new BackfillError('migrate.backfill.blocked', problem, {
        details: { backfill, ...defined({ sqlstate }) },
        retryable: true,
        cause: error,
      })
    if (!(error instanceof pg.DatabaseError)) return blocked(toConnectError(error, this.#target).message)
    switch (error.code) {
      case '55P03':
        return blocked(
          `a lock was not to be had within ${lockTimeoutMs} ms: look in pg_stat_activity for a transaction that has been open for long.`,
          error.code,
        )
      case '57014':
        return blocked(`a statement took longer than ${statementTimeoutMs} ms: give it fewer rows a batch.`, error.code)
      case '40001':
      case '40P01':
        return blocked('the server rolled a batch back, which met a writer.', error.code)
    }
    if (/^(?:08|53|57P|25P03)/.test(error.code ?? ''))
      return blocked(toConnectError(error, this.#target).message, error.code)
    // Class 22 is about a value, and quotes it.
    const words = error.code?.startsWith('22') ? error.message.replace(/: ".*"$/s, '') : error.message
    return new BackfillError('migrate.backfill.refused', `${error.code}: ${words}`, {
      details: { backfill, ...defined({ sqlstate: error.code }) },
    })
  }
}
