import type pg from 'pg'
import { sqlstateOf, toServerError } from '../postgres/database-error.js'

/** What amcheck has checked, and its findings, as text. */
export interface CheckedStorage {
  readonly indexes: number
  readonly heaps: number
  readonly faults: readonly string[]
}

interface Relation {
  readonly oid: number
  readonly name: string
  readonly kind: keyof typeof CHECKS
}

/** A B-tree is checked for every row of its table; a table including its out-of-line values. */
const CHECKS = {
  btree: 'SELECT bt_index_check($1::oid::regclass, true)',
  gin: 'SELECT gin_index_check($1::oid::regclass)',
  heap: `SELECT format('block %s, row %s: %s', blkno, offnum, msg) AS fault
           FROM verify_heapam($1::oid::regclass, on_error_stop => true, check_toast => true) LIMIT 1`,
}

/** Class of SQLSTATE for data that the server did not write that way. */
const CORRUPTED = 'XX'

/**
 * Checks every table and index of a database, including those of the server, for corruption. Only the first fault of
 * each is reported.
 * @param client a login that may run amcheck's functions, which its search path finds.
 * @throws {BackupError} if a check could not be run.
 */
export async function checkStorage(client: pg.Client): Promise<CheckedStorage> {
  const { rows: relations } = await client.query<Relation>(
    `
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, a.amname AS kind
      FROM pg_class AS c JOIN pg_am AS a ON a.oid = c.relam JOIN pg_namespace AS n ON n.oid = c.relnamespace
      LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
     WHERE c.relkind IN ('i', 'r', 't', 'm') AND a.amname = ANY ($1) AND c.relpersistence = 'p' AND i.indisvalid IS NOT FALSE
     ORDER BY 2`,
    [Object.keys(CHECKS)],
  )
  const faults: string[] = []
  for (const { oid, name, kind } of relations) {
    const fault = await faultOf(client, CHECKS[kind], oid)
    if (fault !== undefined) faults.push(`${name}: ${fault}`)
  }
  const heaps = relations.filter(({ kind }) => kind === 'heap').length
  return { indexes: relations.length - heaps, heaps, faults }
}

async function faultOf(client: pg.Client, check: string, oid: number): Promise<string | undefined> {
  try {
    const { rows } = await client.query<{ fault?: string }>(check, [oid])
    return rows[0]?.fault
  } catch (error) {
    if (sqlstateOf(error)?.startsWith(CORRUPTED)) return (error as pg.DatabaseError).message
    throw toServerError(error)
  }
}
