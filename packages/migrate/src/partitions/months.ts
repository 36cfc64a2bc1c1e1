import type pg from 'pg'
import { PARTS_SCHEMA } from '../catalog/sql.js'
import { PartitionError } from './errors.js'

/** A monthly partition of a table. */
export interface Partition {
  /** With its schema, as SQL accepts it: `parts.logs_2026_11`. */
  readonly name: string
  /** The table's name: `logs`. */
  readonly table: string
  /**
   * The first moment of its month; absent if it holds everything older. Its ids begin a day earlier, as an id may be a
   * day older than its row.
   */
  readonly from?: Date
  /** The first moment of the month after its last. No row of it is of this time or later. */
  readonly to: Date
  /** Its detaching was started and not finished: its rows are no longer in the table. */
  readonly isLeaving: boolean
  /** On the server's disk, with its indexes, in bytes. */
  readonly bytes: number
}

/** Bounds as the server prints them, in a form that does not depend on its settings. */
const PARTITIONS = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name, p.relname AS "table", i.inhdetachpending AS "isLeaving",
         time_of_id(bound[1]::uuid) + interval '24 hours' AS "from", time_of_id(bound[2]::uuid) + interval '24 hours' AS "to",
         pg_total_relation_size(c.oid)::float8 AS bytes
    FROM pg_inherits AS i
    JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_class AS p ON p.oid = i.inhparent,
         regexp_match(pg_get_expr(c.relpartbound, c.oid), $$FROM \\((?:MINVALUE|'([^']+)')\\) TO \\('([^']+)'\\)$$) AS bound
   WHERE p.relnamespace = 'public'::regnamespace AND n.nspname = '${PARTS_SCHEMA}' AND p.relkind = 'p' AND bound IS NOT NULL
   ORDER BY p.relname, bound[2]`

/** Tables with monthly partitions are those whose partitions are in the partitions' schema. */
const TABLES = `
  SELECT c.relname AS "table" FROM pg_partitioned_table AS t JOIN pg_class AS c ON c.oid = t.partrelid
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = t.partattrs[0]
   WHERE c.relnamespace = 'public'::regnamespace AND t.partstrat = 'r' AND t.partnatts = 1 AND a.atttypid = 'uuid'::regtype
   ORDER BY 1`

/** The partitions of all tables with monthly partitions, by table and time. */
export async function readPartitions(client: pg.ClientBase): Promise<readonly Partition[]> {
  const { rows } = await client.query<Omit<Partition, 'from'> & { readonly from: Date | null }>(PARTITIONS)
  return rows.map(({ from, ...rest }) => (from === null ? rest : { ...rest, from }))
}

/**
 * The names of the tables with monthly partitions.
 * @throws {PartitionError} `migrate.partitions.not_there`
 */
export async function tablesByMonth(client: pg.ClientBase): Promise<readonly string[]> {
  const { rows: found } = await client.query<{ there: boolean }>(
    `SELECT to_regproc('${PARTS_SCHEMA}.add_month') IS NOT NULL AS there`,
  )
  const { rows } = await client.query<{ table: string }>(TABLES)
  if (!found[0]?.there || rows.length === 0)
    throw new PartitionError('migrate.partitions.not_there', 'The database has no tables with monthly partitions', {
      remedy: 'apply the migrations: pnpm prisma migrate deploy',
    })
  return rows.map(({ table }) => table)
}

/** `2026-11`, in UTC. */
export const monthOf = (time: Date): string => time.toISOString().slice(0, 7)

/** The first moment of a month that is `months` after that of `time`, in UTC. */
export const monthsAfter = (time: Date, months: number): Date =>
  new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + months, 1))

/** The first moments of the months from that of `from` to that of `to`. */
export function* monthsBetween(from: Date, to: Date): Generator<Date> {
  for (let month = monthsAfter(from, 0); month <= to; month = monthsAfter(month, 1)) yield month
}
