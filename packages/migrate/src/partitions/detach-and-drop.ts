import pg from 'pg'
import { withLocks } from './locked.js'
import type { Partition } from './months.js'

/**
 * Takes a partition out of its table and drops it, while both are in use. No page of its rows is read. Ended half way
 * it goes on where it was when it is called again.
 *
 * @param client a connection that is in no transaction.
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
      // It waits for who reads the table, and nobody for it. What was begun is out of the table already.
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
