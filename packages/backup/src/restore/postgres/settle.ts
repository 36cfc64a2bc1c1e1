import type pg from 'pg'
import type { Manifest } from '../../format/manifest.js'

/** The status of the erasures after the cut. */
export type Erasures = 'pending' | 'applied' | 'without'

/**
 * Resets what applied only to the old servers: marks of commits and ids of transactions, leases, and checkpoints in
 * streams that no longer exist. In the restoring transaction: such an id may belong to another transaction here.
 */
export async function settle(client: pg.ClientBase): Promise<void> {
  await client.query(`
    DELETE FROM public.commit_marks;
    DELETE FROM public.stream_shards;
    UPDATE public.outbox SET transaction_id = NULL WHERE transaction_id IS NOT NULL;
    UPDATE public.outbox_partitions SET holder = NULL, held_until = '1970-01-01Z', fence = fence + 1`)
}

/** Marks the store as restored, so that relays and consumers wait. */
export async function markRestored(
  client: pg.ClientBase,
  { id, cut }: Manifest,
  { rows, items, erasures }: { readonly rows: number; readonly items: number; readonly erasures: Erasures },
): Promise<void> {
  await client.query(
    `INSERT INTO public.restores (id, backup_id, cut, restored_at, row_count, item_count, outbox_until, erasures)
     SELECT public.time_ordered_id(), $1, $2, clock_timestamp(), $3, $4, coalesce(max(position), 0), $5 FROM public.outbox`,
    [id, cut.at, rows, items, erasures],
  )
}

/** Whether the schema has the marks of restores yet. */
export async function hasMarks(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('public.restores') IS NOT NULL AS exists`,
  )
  return rows[0]?.exists === true
}
