import type { Target } from '@miyabi/migrate'
import type pg from 'pg'
import { BackupError } from '../errors/errors.js'
import { removeNotes } from './dynamo/note.js'
import type { DynamoPlace } from './dynamo/place.js'
import { withClient } from './postgres/client.js'
import { hasMarks } from './postgres/settle.js'
import { inTransaction } from './postgres/transaction.js'
import { type OutboxRows, outboxRows } from './restore.js'

export interface ResumeOptions extends DynamoPlace {
  /** The migrator's login: it owns the tables. */
  readonly database: Target
  /** What happens to the effects that were waiting at the cut. They may have been delivered after it. */
  readonly outbox?: 'deliver' | 'discard' | undefined
  /**
   * Erases the persons who were erased after the cut, if the restore did not reach that step; `without` leaves them in.
   */
  readonly erase: (() => Promise<unknown>) | 'without'
  readonly signal?: AbortSignal | undefined
}

/** A restored store that was resumed. */
export interface Resumed {
  /** The backups that were restored. */
  readonly backups: readonly string[]
  /** The effects of the cut. */
  readonly outbox: readonly OutboxRows[]
  readonly outboxIs: 'delivered' | 'discarded' | 'empty'
}

interface Mark {
  readonly id: string
  readonly backup: string
  readonly outboxUntil: string
  readonly erasures: string
}

/**
 * Lets relays and stream consumers work on a restored store: from then on its effects are delivered, and changes are
 * counted.
 * @throws {BackupError} `backup.nothing_to_resume`, `backup.outbox_undecided`
 */
export async function resumeStore(options: ResumeOptions): Promise<Resumed> {
  const { database, outbox, erase, signal } = options
  return withClient(database, signal, async (client) => {
    const marks = await openMarks(client)
    const until = String(
      marks.reduce((most, { outboxUntil }) => (BigInt(outboxUntil) > most ? BigInt(outboxUntil) : most), 0n),
    )
    const waiting = await outboxRows(client, until)
    if (waiting.length > 0 && outbox === undefined) throw undecided(waiting)
    await removeNotes(options) // a restore that was killed at its very end has left them
    if (marks.some(({ erasures }) => erasures === 'pending') && erase !== 'without') await erase()
    await inTransaction(client, async () => {
      if (outbox === 'discard') await client.query('DELETE FROM public.outbox WHERE position <= $1', [until])
      await client.query(
        `UPDATE public.restores SET resumed_at = clock_timestamp(),
                erasures = CASE erasures WHEN 'pending' THEN $2 ELSE erasures END WHERE id = ANY ($1::uuid[])`,
        [marks.map(({ id }) => id), erase === 'without' ? 'without' : 'applied'],
      )
    })
    const outboxIs = waiting.length === 0 ? 'empty' : outbox === 'discard' ? 'discarded' : 'delivered'
    return { backups: marks.map(({ backup }) => backup), outbox: waiting, outboxIs }
  })
}

async function openMarks(client: pg.Client): Promise<readonly Mark[]> {
  const { rows } = (await hasMarks(client))
    ? await client.query<Mark>(
        `SELECT id, backup_id AS backup, outbox_until::text AS "outboxUntil", erasures FROM public.restores
          WHERE resumed_at IS NULL ORDER BY restored_at`,
      )
    : { rows: [] }
  if (rows.length > 0) return rows
  throw new BackupError('backup.nothing_to_resume', 'No restore of this store is waiting to be resumed', {
    details: {},
    remedy: 'run `SELECT * FROM restores` to see what was restored, and when it was resumed',
  })
}

function undecided(waiting: readonly OutboxRows[]): BackupError<'backup.outbox_undecided'> {
  const list = waiting.map(({ topic, rows, oldest }) => `${topic}: ${rows}, since ${oldest.toISOString()}`).join('; ')
  return new BackupError(
    'backup.outbox_undecided',
    `Effects were waiting at the cut, and may have been delivered after it (${list})`,
    {
      details: { topics: waiting.map(({ topic }) => topic) },
      remedy:
        'add --outbox deliver to deliver them, possibly again, under the same ids; or --outbox discard to drop them',
    },
  )
}
