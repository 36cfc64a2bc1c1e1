import type { Finding } from '@miyabi/core'
import { monthOf, monthsAfter, monthsBetween, type Partition } from '../partitions/months.js'
import type { DatabaseCheck } from './check.js'

/**
 * The months that must exist after the current one: an operator who runs nothing for a month gets a warning before a
 * row is refused.
 */
const MUST_BE_AHEAD = 1

/** What allows direct access to a month, bypassing its table, whose policies and grants must be the only access. */
const OPEN = `
  SELECT format('%I.%I', n.nspname, c.relname) AS partition,
         array_remove(ARRAY[
           CASE WHEN NOT (c.relrowsecurity AND c.relforcerowsecurity) THEN 'ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY' END,
           CASE WHEN c.relowner <> p.relowner THEN format('ALTER TABLE %%1$s OWNER TO %s', p.relowner::regrole) END
         ] || ARRAY(SELECT format('DROP POLICY %I ON %%1$s', polname) FROM pg_policy
                      WHERE polrelid = c.oid AND polroles <> ARRAY[c.relowner] ORDER BY 1)
           || CASE WHEN NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polroles = ARRAY[c.relowner] AND polcmd = '*')
                   THEN ARRAY[format('CREATE POLICY owner_all ON %%1$s FOR ALL TO %s USING (true)', p.relowner::regrole)] END
           || ARRAY(SELECT DISTINCT format('REVOKE ALL ON %%1$s FROM %s', CASE held.grantee WHEN 0 THEN 'PUBLIC' ELSE held.grantee::regrole::text END)
                      FROM (SELECT c.relacl AS acl UNION ALL SELECT attacl FROM pg_attribute WHERE attrelid = c.oid) AS rights, aclexplode(rights.acl) AS held
                     WHERE held.grantee <> c.relowner), NULL) AS remedies
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_class AS p ON p.oid = i.inhparent
   WHERE p.relkind = 'p' AND n.nspname = 'parts' ORDER BY 1`

/** What admits rows whose ids do not encode when they were created, or that belong to no month. */
const LOOSE = `
  SELECT c.relname AS "table", d.partdefid::regclass::text AS "default",
         EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.convalidated
                    AND pg_get_constraintdef(k.oid) ~ 'id_fits\\(id, created_at\\)') AS "isChecked"
    FROM pg_class AS c JOIN pg_partitioned_table AS d ON d.partrelid = c.oid
   WHERE c.relname = ANY ($1) AND c.relnamespace = 'public'::regnamespace ORDER BY 1`

/** Tables in the partitions' schema that are not part of any table: most likely detached manually. */
const LEFT = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname = 'parts' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
     AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid) ORDER BY 1`

const MAINTAIN = 'pnpm db:maintain'

/** Monthly partitions: whether they exist, and are reached only through their tables. */
export const partitionsCheck: DatabaseCheck = {
  name: 'partitions',
  looksFor: 'monthly partitions: missing months, unchecked ids, months with direct access',
  async run(client) {
    const { readPartitions, tablesByMonth } = await import('../partitions/months.js')
    const { rows } = await client.query<{ there: boolean }>(`SELECT to_regproc('parts.add_month') IS NOT NULL AS there`)
    if (!rows[0]?.there) return []
    const tables = await tablesByMonth(client)
    const partitions = await readPartitions(client)
    const open = await client.query<{ partition: string; remedies: string[] }>(OPEN)
    const loose = await client.query<{ table: string; default: string; isChecked: boolean }>(LOOSE, [tables])
    const left = await client.query<{ name: string }>(LEFT)
    return [
      ...tables.flatMap((table) =>
        missingOf(
          table,
          partitions.filter((part) => part.table === table),
        ),
      ),
      ...partitions
        .filter(({ isLeaving }) => isLeaving)
        .map(({ name, table }) => ({
          check: 'partitions.leaving',
          object: name,
          problem: `its rows are no longer in ${table}, and it was not dropped: a run was interrupted`,
          remedy: MAINTAIN,
        })),
      ...loose.rows.flatMap(looseOf),
      ...open.rows
        .filter(({ remedies }) => remedies.length > 0)
        .map(({ partition, remedies }) => ({
          check: 'partitions.rights',
          object: partition,
          problem:
            'it can be accessed directly, bypassing the policies and grants of its table; or no login can access it, including pg_dump',
          remedy: remedies.map((remedy) => remedy.replaceAll('%1$s', partition)).join('; '),
        })),
      ...left.rows.map(({ name }) => ({
        check: 'partitions.left_over',
        object: name,
        problem: 'it is not part of any table',
        remedy: `DROP TABLE ${name}, once nobody needs its rows`,
      })),
    ]
  },
}

/** Months that rows will need soon and that do not exist, and gaps between existing ones. */
function missingOf(table: string, partitions: readonly Partition[]): Finding[] {
  const held = partitions.filter(({ isLeaving }) => !isLeaving)
  const isHeld = (month: Date): boolean =>
    held.some(({ from, to }) => (from === undefined || from <= month) && month < to)
  const now = new Date()
  const soon = [...monthsBetween(now, monthsAfter(now, MUST_BE_AHEAD))]
  const [first] = held
  const last = held.at(-1)
  const between = first && last ? [...monthsBetween(first.to, monthsAfter(last.to, -1))] : []
  const missing = new Set([...soon, ...between].filter((month) => !isHeld(month)).map(monthOf))
  return [...missing].sort().map((month) => ({
    check: 'partitions.month_missing',
    object: `${table} ${month}`,
    problem: `rows of this month are refused (postgres.month_missing)`,
    remedy: soon.some((each) => monthOf(each) === month)
      ? MAINTAIN
      : `SELECT parts.add_month('${table}', '${month}-01')`,
  }))
}

function looseOf(found: { readonly table: string; readonly default: string; readonly isChecked: boolean }): Finding[] {
  const { table, isChecked } = found
  return [
    ...(isChecked
      ? []
      : [
          {
            check: 'partitions.ids_unchecked',
            object: table,
            problem: "an id may have a different time than its row, which then goes to another month's partition",
            remedy: `ALTER TABLE ${table} ADD CONSTRAINT ${table}_id_fits_created_at CHECK (id_fits(id, created_at)), in a migration`,
          },
        ]),
    ...(found.default === '-'
      ? []
      : [
          {
            check: 'partitions.default',
            object: found.default,
            problem: `it holds the rows of ${table} that belong to no month, and prevents their months from being created`,
            remedy: `move its rows, then ALTER TABLE ${table} DETACH PARTITION ${found.default}`,
          },
        ]),
  ]
}
