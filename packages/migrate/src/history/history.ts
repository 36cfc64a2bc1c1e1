import pg from 'pg'
import { HISTORY_TABLE } from '../catalog/sql.js'

/** One attempt at a migration, from Prisma's table. */
export interface HistoryRow {
  readonly id: string
  readonly name: string
  readonly checksum: string
  readonly state: 'applied' | 'unfinished' | 'rolled back'
  readonly startedAt: Date
}

/** The table's name, for use in SQL. */
export const historyTable = (schema: string): string => `${pg.escapeIdentifier(schema)}.${HISTORY_TABLE}`

/** Reads the history, oldest first; empty if there is none. */
export async function readHistory(client: pg.ClientBase, schema: string): Promise<HistoryRow[]> {
  const table = historyTable(schema)
  const { rows: found } = await client.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [
    table,
  ])
  if (!found[0]?.exists) return []
  const { rows } = await client.query<HistoryRow>(
    `SELECT id, migration_name AS name, checksum, started_at AS "startedAt",
            CASE WHEN rolled_back_at IS NOT NULL THEN 'rolled back' WHEN finished_at IS NULL THEN 'unfinished' ELSE 'applied' END AS state
       FROM ${table} ORDER BY started_at, migration_name`,
  )
  return rows
}

/** Prisma's own table, for a database that Prisma has not used. */
export const createHistory = (schema: string): string => `CREATE TABLE ${historyTable(schema)} (
  id                  varchar(36)  PRIMARY KEY NOT NULL,
  checksum            varchar(64)  NOT NULL,
  finished_at         timestamptz,
  migration_name      varchar(255) NOT NULL,
  logs                text,
  rolled_back_at      timestamptz,
  started_at          timestamptz  NOT NULL DEFAULT now(),
  applied_steps_count integer      NOT NULL DEFAULT 0
)`
