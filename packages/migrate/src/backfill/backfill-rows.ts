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

/** A change to every row of a table, in small batches, while the table is in use. */
export interface RowsBackfill extends BackfillOptions {
  /** The migrator's URL, bypassing any pooler. */
  readonly databaseUrl: string
  /**
   * The database records progress under this name: a backfill resumes where it stopped and does not repeat completed
   * batches.
   */
  readonly name: string
  /** As SQL names it, with its schema if that is not the URL's. It needs a primary key whose values do not change. */
  readonly table: string
  /** The `SET` clause of the `UPDATE`, in terms of `t`: `title = initcap(t.name)`. Trusted text, never user input. */
  readonly set: string
  /** Which rows are changed, in terms of `t`; the others are skipped. Default: all. */
  readonly where?: string | undefined
  /** Rows in one transaction. Default 500. With fewer, writers wait for a shorter time. */
  readonly batchRows?: number | undefined
  /**
   * How long one statement may wait for a lock, in milliseconds, before the batch is rolled back and retried. Default
   * 500. Keep it below the writers' own, so that the backfill gives way first.
   */
  readonly lockTimeoutMs?: number | undefined
  /** How long one statement may take, in milliseconds. Default 2000. */
  readonly statementTimeoutMs?: number | undefined
}

/**
 * Changes the rows of a table in the order of their primary key, one batch per transaction, as the table's owner. Each
 * batch commits its position: no row is skipped and none is changed twice if the process ends. Two concurrent runs take
 * turns.
 *
 * Writers wait for one batch at most. It never waits for a row while it holds others, so it cannot cause a deadlock.
 * Rows that are inserted meanwhile may lie behind its position: a default or a trigger must handle them, in place
 * before it starts.
 *
 * @throws {BackfillError} why it stopped. Completed work is kept; run it again to resume.
 * @throws {MiyabiError} `core.backfill.option_invalid` for a number that is not above 0.
 * @throws a failure that prevents queries to the database, and the signal's reason.
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
 * @param rowAlone the next row, which another transaction held: it is waited for, with no other row locked meanwhile.
 * @returns what was done, and the row to wait for next if the very first was held.
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

/** One connection, which is reopened after it broke. */
class Session implements AsyncDisposable {
  readonly #target: Target
  readonly #backfill: RowsBackfill
  #client: pg.Client | undefined

  constructor(target: Target, backfill: RowsBackfill) {
    this.#target = target
    this.#backfill = backfill
  }

  /**
   * @throws {BackfillError} `migrate.backfill.blocked`, retryable, for a transient failure; `migrate.backfill.refused`
   * for a permanent one. A lost COMMIT needs no special handling, as the position that is read next was committed with
   * it or not.
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
          `a lock was not available within ${lockTimeoutMs} ms: check pg_stat_activity for a long-running transaction.`,
          error.code,
        )
      case '57014':
        return blocked(`a statement took longer than ${statementTimeoutMs} ms: use fewer rows per batch.`, error.code)
      case '40001':
      case '40P01':
        return blocked('the server rolled back a batch that conflicted with a writer.', error.code)
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
