import type { ClientBase } from 'pg'
import type { Column, Table } from './tables.js'

/** How many rows of a table the transaction has updated and deleted, by the table's oid. */
export type Activity = ReadonlyMap<number, { readonly updated: number; readonly deleted: number }>

/** Reads the server's own counts of what the open transaction did. Rows of a partition count for the whole table. */
export async function readActivity(client: ClientBase): Promise<Activity> {
  const { rows } = await client.query<{ oid: number; updated: number; deleted: number }>(`
    SELECT coalesce(pg_partition_root(relid), relid)::oid::int8::float8 AS oid,
           sum(n_tup_upd)::float8 AS updated, sum(n_tup_del)::float8 AS deleted
      FROM pg_stat_xact_user_tables GROUP BY 1`)
  return new Map(rows.map(({ oid, updated, deleted }) => [oid, { updated, deleted }]))
}

/** A table whose contents may have changed. */
export interface ChangedTable {
  /** Its previous state. */
  readonly before: Table
  /** Its current state; undefined when it was dropped. */
  readonly after: Table | undefined
  /** Dropped columns, in their previous state. */
  readonly dropped: readonly Column[]
  /** Columns that exist before and after, under both names. */
  readonly kept: readonly { readonly before: Column; readonly after: Column }[]
  readonly deleted: number
  /** Whether the values of the kept columns must be checked. */
  readonly isRewritten: boolean
}

/**
 * Finds the tables that a script may have removed something from. Renamed tables and columns are the same ones; a table
 * that replaces a dropped one under its name is compared by its contents.
 */
export function changedTables(
  before: { readonly tables: readonly Table[]; readonly activity: Activity },
  after: { readonly tables: readonly Table[]; readonly activity: Activity },
): ChangedTable[] {
  const present = new Map(after.tables.map((table) => [table.oid, table]))
  const byName = new Map(after.tables.map((table) => [table.name, table]))
  const activityOf = (oid: number, what: 'updated' | 'deleted'): number =>
    (after.activity.get(oid)?.[what] ?? 0) - (before.activity.get(oid)?.[what] ?? 0)
  return before.tables.flatMap((table): ChangedTable[] => {
    const same = present.get(table.oid)
    const now = same ?? byName.get(table.name)
    if (now === undefined) {
      return [{ before: table, after: undefined, dropped: [], kept: [], deleted: 0, isRewritten: false }]
    }
    const kept = table.columns.flatMap((column) => {
      const kin = now.columns.find(({ number, name }) => (same ? number === column.number : name === column.name))
      return kin ? [{ before: column, after: kin }] : []
    })
    const dropped = table.columns.filter((column) => !kept.some((pair) => pair.before === column))
    const deleted = activityOf(table.oid, 'deleted')
    const retyped = kept.some((pair) => pair.before.type !== pair.after.type)
    const isRewritten =
      retyped || !same || now.file !== table.file || deleted > 0 || activityOf(table.oid, 'updated') > 0
    return dropped.length > 0 || isRewritten ? [{ before: table, after: now, dropped, kept, deleted, isRewritten }] : []
  })
}
