import type { ClientBase } from 'pg'
import { codeQueries } from './code.js'
import { CATALOG_KINDS, type CatalogEntry } from './entry.js'
import { relationQueries } from './relations.js'
import { rightsQueries } from './rights.js'

const queries = [...relationQueries, ...codeQueries, ...rightsQueries]

/**
 * Returns everything that migrations can create in a database, as the server itself describes it: equal for two
 * databases when their schemas are, also on servers of different versions. Excluded: rows, roles (they belong to the
 * server), Prisma's own history table (but not the right to read it), the order of columns, and everything that belongs
 * to an extension.
 *
 * @param client a connection that is not in a transaction.
 */
export async function catalogDump(client: ClientBase): Promise<CatalogEntry[]> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  try {
    return await catalogWithin(client)
  } finally {
    await client.query('ROLLBACK')
  }
}

/**
 * Like {@link catalogDump}, within the connection's current transaction and including its changes. The transaction's
 * search path is empty from then on.
 */
export async function catalogWithin(client: ClientBase): Promise<CatalogEntry[]> {
  // An empty search path makes the server qualify every name.
  await client.query(`SET LOCAL search_path = ''`)
  const entries: CatalogEntry[] = []
  for (const { kind, sql } of queries) {
    const { rows } = await client.query<{ name: string; definition: string | null; on: string | null }>(sql)
    for (const { name, definition, on } of rows) {
      entries.push({ kind, name, definition: definition ?? '', ...(on !== null && { on }) })
    }
  }
  return entries.sort(compareEntries)
}

/** By kind, then by name: an order that does not depend on a server's collation. */
export function compareEntries(a: CatalogEntry, b: CatalogEntry): number {
  const kinds = CATALOG_KINDS.indexOf(a.kind) - CATALOG_KINDS.indexOf(b.kind)
  return kinds !== 0 ? kinds : a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
