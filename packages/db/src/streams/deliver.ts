import type { Change, StreamRecord } from '@miyabi/dynamo'
import type { TransactionRun } from '@miyabi/postgres'
import type { Advance, Checkpoints, Lease } from './checkpoints.js'
import { isPoison, told } from './poison.js'
import type { HandleChanges, StreamDatabase, StreamRun, StreamTransaction } from './types.js'

/** A lease was lost while a batch was in progress: another process has the shard. The work done here is rolled back. */
export class Fenced extends Error {}

/** A record cannot be handled, and its consumer stops before it. */
export class Poisoned extends Error {}

/** The result of a batch, once it is committed. */
export interface Delivered {
  readonly passedOver: number
  readonly dead: number
}

/** What delivery needs from its consumer. */
export interface Delivery<T> {
  readonly db: StreamDatabase
  readonly checkpoints: Checkpoints
  readonly handle: HandleChanges<T>
  readonly onPoison: 'stop' | 'dead-letter'
  /** The longest that a transaction may take, in milliseconds. */
  readonly deadlineMs: number
  /** Rolls back work in progress. */
  readonly signal: AbortSignal
}

interface Batch<T> {
  readonly lease: Lease
  readonly records: readonly StreamRecord<T>[]
  /** The checkpoint before it. */
  readonly from: string | null
  readonly to: Advance
}

/**
 * Applies a batch and moves the checkpoint, in one transaction. If it fails because of its records, it is repeated
 * record by record, each with a savepoint, and those that fail become dead letters of the same transaction.
 *
 * @throws {Fenced}, {Poisoned}, or a failure that prevents the database from doing it now.
 */
export async function deliver<T>(delivery: Delivery<T>, batch: Batch<T>): Promise<Delivered> {
  try {
    return await inTransaction(delivery, batch, (tx, run) => atOnce(delivery, batch, tx, run))
  } catch (error) {
    if (error instanceof Fenced || !isPoison(error)) throw error
    if (delivery.onPoison === 'stop') throw new Poisoned(undefined, { cause: error })
    return inTransaction(delivery, batch, (tx, run) => oneByOne(delivery, batch, tx, run))
  }
}

function inTransaction<T>(
  { db, checkpoints, deadlineMs, signal }: Delivery<T>,
  { lease, from, to }: Batch<T>,
  work: (tx: StreamTransaction, run: TransactionRun) => Promise<Delivered>,
): Promise<Delivered> {
  return db.transaction(
    async (tx, run) => {
      // First: a process that has lost the lease does nothing, and no other takes it before the end.
      if (!(await checkpoints.advance(run.query, lease, from, to))) throw new Fenced()
      return work(tx, run)
    },
    { deadlineMs, signal },
  )
}

async function atOnce<T>(
  { handle }: Delivery<T>,
  { records, lease }: Batch<T>,
  tx: StreamTransaction,
  run: TransactionRun,
): Promise<Delivered> {
  const unreadable = records.find((record) => record.unreadable !== undefined && !isBefore(record, lease))
  if (unreadable) throw unreadable.unreadable
  const changes = changesOf(records, lease)
  const tally = new Tally(run)
  if (changes.length > 0) await handle(changes, tx, tally.run)
  return { passedOver: tally.passedOver, dead: 0 }
}

async function oneByOne<T>(
  { handle, checkpoints }: Delivery<T>,
  { records, lease }: Batch<T>,
  tx: StreamTransaction,
  run: TransactionRun,
): Promise<Delivered> {
  let [passedOver, dead] = [0, 0]
  for (const record of records) {
    const changes = changesOf([record], lease)
    if (changes.length === 0 && record.unreadable === undefined) continue
    const handled = await handleOne(handle, { record, changes }, tx, run)
    if ('poison' in handled) {
      const { sequence } = record
      await checkpoints.bury(run.query, lease, { sequence, text: record.toText(), ...told(handled.poison) })
      dead += 1
    } else passedOver += handled.passedOver
  }
  return { passedOver, dead }
}

/**
 * Handles one record with a savepoint. If the record is the cause of a failure, its changes are rolled back, and the
 * transaction continues.
 */
export async function handleOne<T>(
  handle: HandleChanges<T>,
  { record, changes }: { readonly record: StreamRecord<T>; readonly changes: readonly Change<T>[] },
  tx: StreamTransaction,
  run: TransactionRun,
): Promise<{ readonly passedOver: number } | { readonly poison: unknown }> {
  await run.query('SAVEPOINT miyabi_record')
  const tally = new Tally(run)
  let failed: { readonly poison: unknown } | undefined
  try {
    if (record.unreadable !== undefined) throw record.unreadable
    if (changes.length > 0) await handle(changes, tx, tally.run)
  } catch (error) {
    if (!isPoison(error)) throw error
    failed = { poison: error }
    await run.query('ROLLBACK TO SAVEPOINT miyabi_record')
  }
  await run.query('RELEASE SAVEPOINT miyabi_record')
  return failed ?? { passedOver: tally.passedOver }
}

/** Counts the changes that a handler ignores. */
class Tally {
  readonly run: StreamRun
  passedOver = 0

  constructor({ attempt, signal, query }: TransactionRun) {
    this.run = {
      attempt,
      signal,
      query,
      passOver: (changes) => {
        this.passedOver += changes
      },
    }
  }
}

/** The changes among records that a consumer is to receive. */
export function changesOf<T>(records: readonly StreamRecord<T>[], lease: Pick<Lease, 'since'>): Change<T>[] {
  return records.flatMap((record) => (record.change && !isBefore(record, lease) ? [record.change] : []))
}

const isBefore = ({ at }: { readonly at: Date }, { since }: Pick<Lease, 'since'>): boolean =>
  since !== null && at < since
