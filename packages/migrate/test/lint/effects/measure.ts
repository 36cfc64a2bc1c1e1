import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** The effect of a statement, as reported by the server's own catalogs and counters. */
export interface Effect {
  /**
   * The strongest lock that it took on an existing relation, named as in PostgreSQL's documentation; `''` if it took
   * none.
   */
  readonly lock: string
  /** Tables and materialized views that were rewritten. */
  readonly rewrites: readonly string[]
  /** Other tables of which it read every row, or built an index. */
  readonly scans: readonly string[]
  /** Dropped tables, columns, views, functions, types ..., each with its kind. */
  readonly drops: readonly string[]
  /** Renamed objects. */
  readonly renames: readonly string[]
  /** Tables of which it changed or deleted every row. */
  readonly floods: readonly string[]
  /** The SQLSTATE with which the server rejected it. */
  readonly refused?: string | undefined
}

type Client = pg.Client & { readonly processID: number }

/** From the weakest to the strongest. */
export const LOCKS: readonly string[] = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
]

interface Relation {
  readonly oid: number
  /** For an index, the name of its table. */
  readonly name: string
  readonly kind: string
  readonly file: number
}

interface State {
  readonly relations: ReadonlyMap<number, Relation>
  /** All objects that may be dropped or renamed, by id. */
  readonly things: ReadonlyMap<string, string>
  readonly counts: ReadonlyMap<string, { readonly read: number; readonly written: number }>
}

const IN_OURS = `n.nspname IN ('public', 'side')`

const RELATIONS = `
  SELECT c.oid::int8::float8 AS oid, c.relkind AS kind, c.relfilenode::int8::float8 AS file,
         coalesce(x.indrelid, c.oid)::regclass::text AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index x ON x.indexrelid = c.oid
   WHERE c.relkind IN ('r', 'p', 'm', 'v', 'i', 'I') AND ${IN_OURS}`

/** A recreated constraint keeps its name, but not its id. */
const THINGS = `
  SELECT c.oid::text AS id, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'table' END
         || ' ' || c.oid::regclass AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'm', 'v', 'S') AND ${IN_OURS}
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i')
  UNION ALL SELECT a.attrelid || '.' || a.attnum, 'column ' || c.relname || '.' || a.attname FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND ${IN_OURS} AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL SELECT oid::text, 'policy ' || polname FROM pg_policy
  UNION ALL SELECT oid::text, 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT conname, 'constraint ' || conname FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
   WHERE ${IN_OURS} AND contype <> 'n'
  UNION ALL SELECT p.oid::text, 'function ' || proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${IN_OURS}
  UNION ALL SELECT t.oid::text, 'type ' || typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
   WHERE typtype IN ('e', 'd') AND ${IN_OURS}
  UNION ALL SELECT e.oid::text, 'value ' || enumlabel FROM pg_enum e`

const COUNTS = `
  SELECT relid::regclass::text AS name, seq_tup_read::float8 AS read, (n_tup_upd + n_tup_del)::float8 AS written
    FROM pg_stat_xact_user_tables`

async function stateOf(client: Client): Promise<State> {
  const relations = await client.query<Relation>(RELATIONS)
  const things = await client.query<{ id: string; name: string }>(THINGS)
  const counts = await client.query<{ name: string; read: number; written: number }>(COUNTS)
  return {
    relations: new Map(relations.rows.map((relation) => [relation.oid, relation])),
    things: new Map(things.rows.map(({ id, name }) => [id, name])),
    counts: new Map(counts.rows.map((row) => [row.name, row])),
  }
}

const NONE = { lock: '', rewrites: [], scans: [], drops: [], renames: [], floods: [] }

/** Runs a statement in a transaction, rolls it back, and returns its effect. */
export async function measure(client: Client, sql: string, rows: ReadonlyMap<string, number>): Promise<Effect> {
  await client.query('BEGIN')
  try {
    const was = await stateOf(client)
    await client.query(sql)
    const lock = await lockOf(client, client.processID, was)
    await client.query('SET LOCAL search_path = public') // determines how names are printed
    return { lock, ...difference(was, await stateOf(client), rows) }
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return { ...NONE, refused: error.code }
  } finally {
    await client.query('ROLLBACK')
  }
}

/**
 * Does the same for a statement that cannot run in a transaction: during a write, so that it waits and its locks are
 * visible.
 */
export async function measureAlone(client: Client, writer: Client, sql: string, writes: string): Promise<Effect> {
  const was = await stateOf(client)
  await writer.query(`BEGIN; ${writes}`)
  let isDone = false
  const running = client.query(sql).finally(() => {
    isDone = true
  })
  const refusal = running.then(
    () => undefined,
    (error: pg.DatabaseError) => error.code,
  )
  let lock = ''
  for (let quiet = 0; !isDone && quiet < 3; quiet += 1) {
    await sleep(20)
    const seen = await lockOf(writer, client.processID, was)
    if (LOCKS.indexOf(seen) > LOCKS.indexOf(lock)) [lock, quiet] = [seen, -1]
  }
  await writer.query('ROLLBACK')
  const refused = await refusal
  if (refused !== undefined) return { ...NONE, refused }
  return { lock, ...difference(was, await stateOf(client), new Map()) }
}

/** The strongest lock that a session holds, or waits for, on an existing object. */
async function lockOf(client: Client, pid: number, { relations }: State): Promise<string> {
  const { rows } = await client.query<{ mode: string }>(
    `SELECT DISTINCT mode FROM pg_locks WHERE pid = $1 AND locktype = 'relation' AND relation = ANY ($2::oid[])`,
    [pid, [...relations.keys()]],
  )
  const names = rows.map(({ mode }) =>
    mode
      .replace(/Lock$/, '')
      .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toUpperCase(),
  )
  return LOCKS.findLast((lock) => names.includes(lock)) ?? ''
}

function difference(was: State, is: State, rows: ReadonlyMap<string, number>): Omit<Effect, 'lock'> {
  const before = [...was.relations.values()]
  const tables = [...new Set(before.map(({ name }) => name))]
  const isHeap = ({ kind }: Relation): boolean => kind === 'r' || kind === 'm'
  const changed = before.filter(({ oid, file }) => is.relations.has(oid) && is.relations.get(oid)?.file !== file)
  const rewrites = unique(changed.filter(isHeap))
  // An index that is recreated with its name may reuse the same file, which costs nothing.
  const files = new Set(before.map(({ file }) => file))
  const built = [...is.relations.values()].filter(
    ({ oid, kind, name, file }) => !was.relations.has(oid) && kind === 'i' && !files.has(file) && tables.includes(name),
  )
  const count = (name: string, what: 'read' | 'written'): number =>
    (is.counts.get(name)?.[what] ?? 0) - (was.counts.get(name)?.[what] ?? 0)
  const read = tables.filter((name) => count(name, 'read') >= Math.max(1, rows.get(name) ?? 1))
  const scans = new Set([...read, ...unique(changed.filter((each) => !isHeap(each))), ...unique(built)])
  const things = [...was.things]
  return {
    rewrites,
    scans: [...scans].filter((name) => !rewrites.includes(name)).sort(),
    drops: things.flatMap(([id, name]) => (is.things.has(id) ? [] : [name])).sort(),
    renames: things.flatMap(([id, name]) => (is.things.has(id) && is.things.get(id) !== name ? [name] : [])).sort(),
    floods: tables.filter((name) => count(name, 'written') > 0 && count(name, 'written') >= (rows.get(name) ?? 0)),
  }
}

const unique = (relations: readonly Relation[]): string[] => [...new Set(relations.map(({ name }) => name))].sort()
