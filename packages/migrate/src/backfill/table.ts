import pg from 'pg'
import { BackfillError } from './errors.js'

/** A table to process, as SQL names it. */
export interface BackfillTable {
  /** With its schema, quoted. */
  readonly name: string
  /** Its owner, quoted. */
  readonly owner: string
  /** The columns of its primary key, in the key's order. */
  readonly key: readonly { readonly name: string; readonly type: string }[]
  /** Rows, by the server's statistics; undefined if it has none. */
  readonly estimate: number | undefined
}

const TABLE = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name, quote_ident(pg_get_userbyid(c.relowner)) AS owner,
         (SELECT sum(greatest(part.reltuples, 0))::float8 FROM pg_class AS part
           WHERE part.oid = c.oid OR part.oid IN (SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf)) AS estimate,
         coalesce((SELECT json_agg(json_build_object('name', quote_ident(a.attname), 'type', format_type(a.atttypid, a.atttypmod))
                                   ORDER BY k.place)
            FROM pg_index AS i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
            JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
           WHERE i.indrelid = c.oid AND i.indisprimary AND k.place <= i.indnkeyatts), '[]') AS key
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p')`

/** @throws {BackfillError} `migrate.backfill.table_unusable` */
export async function readTable(client: pg.Client, backfill: string, table: string): Promise<BackfillTable> {
  const { rows } = await client.query<BackfillTable>(TABLE, [table])
  const [found] = rows
  const unusable = (problem: string): BackfillError =>
    new BackfillError('migrate.backfill.table_unusable', problem, { details: { backfill } })
  if (found === undefined)
    throw unusable(`there is no table ${table}: name it as SQL does, with its schema if that is not public`)
  if (found.key.length === 0) throw unusable(`${table} has no primary key, which a backfill follows: add one`)
  return { ...found, estimate: found.estimate || undefined }
}

/** Tables may belong to a group: a member acts as the group, even if rights are not inherited. */
export async function actAsOwner(client: pg.Client, backfill: string, table: BackfillTable): Promise<void> {
  try {
    await client.query(`SET LOCAL ROLE ${table.owner}`)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '42501')) throw error
    throw new BackfillError(
      'migrate.backfill.not_owner',
      `${table.name} belongs to ${table.owner}, and this login is not a member of it. Run it with the migrator's login (DIRECT_DATABASE_URL).`,
      { details: { backfill, sqlstate: '42501' } },
    )
  }
}

/**
 * Whether the current role sees and may change every row: row-level security does not apply to it, or a policy for it
 * allows all rows to be read and changed, and no restrictive policy excludes some again.
 */
const SEES_ALL = `
  WITH mine AS (SELECT * FROM pg_policy WHERE polrelid = $1::regclass
                 AND (polroles = '{0}' OR EXISTS (SELECT FROM unnest(polroles) AS r (oid) WHERE r.oid = 0 OR pg_has_role(r.oid, 'USAGE')))),
       open AS (SELECT polcmd FROM mine WHERE polpermissive AND pg_get_expr(polqual, polrelid) = 'true'
                  AND coalesce(pg_get_expr(polwithcheck, polrelid), 'true') = 'true')
  SELECT NOT row_security_active($1::regclass)
      OR (EXISTS (SELECT FROM open WHERE polcmd IN ('*', 'r')) AND EXISTS (SELECT FROM open WHERE polcmd IN ('*', 'w'))
          AND NOT EXISTS (SELECT FROM mine WHERE NOT polpermissive AND polcmd IN ('*', 'r', 'w'))) AS "seesAll"`

/**
 * @throws {BackfillError} `migrate.backfill.rows_hidden` if policies would hide rows from the owner, or refuse their
 * change.
 */
export async function assertSeesAll(client: pg.Client, backfill: string, table: BackfillTable): Promise<void> {
  const { rows } = await client.query<{ seesAll: boolean }>(SEES_ALL, [table.name])
  if (rows[0]?.seesAll) return
  throw new BackfillError(
    'migrate.backfill.rows_hidden',
    `row-level security would hide rows of ${table.name} from its owner, and they would be skipped silently. ` +
      `In a migration: CREATE POLICY owner_all ON ${table.name} FOR ALL TO ${table.owner} USING (true);`,
    { details: { backfill } },
  )
}
