import pg from 'pg'
import { withLocks } from './locked.js'
import type { Partition } from './months.js'

/**
 * Removes a partition from its table and drops it, while both are in use. None of its rows is read. If it was
 * interrupted, calling it again resumes.
 *
 * @param client a connection that is not in a transaction.
 * @throws {PartitionError} `migrate.partitions.blocked`
 */
export async function detachAndDrop(
  client: pg.ClientBase,
  { table, name, isLeaving }: Partition,
  signal?: AbortSignal,
): Promise<void> {
  const whole = `public.${pg.escapeIdentifier(table)}`
  let isBegun = isLeaving
  await withLocks(
    client,
    table,
    async () => {
      // It waits for readers of the table, and no one waits for it. A started detach has already removed it from the
      // table.
      isBegun ||= await isPending(client, name)
      await client.query(`ALTER TABLE ${whole} DETACH PARTITION ${name} ${isBegun ? 'FINALIZE' : 'CONCURRENTLY'}`)
    },
    signal,
  )
  await withLocks(client, table, () => client.query(`DROP TABLE ${name}`), signal)
}

async function isPending(client: pg.ClientBase, name: string): Promise<boolean> {
  const { rows } = await client.query<{ pending: boolean }>(
    'SELECT inhdetachpending AS pending FROM pg_inherits WHERE inhrelid = $1::regclass',
    [name],
  )
  return rows[0]?.pending === true
}
