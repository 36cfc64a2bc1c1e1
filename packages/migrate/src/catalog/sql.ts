import type { CatalogKind } from './entry.js'

/** A catalog query, whose rows have a `name`, a `definition` and an `on`. */
export interface CatalogQuery {
  readonly kind: CatalogKind
  readonly sql: string
}

/** The table where Prisma keeps its history. It is Prisma's own; migrations define who may read it. */
export const HISTORY_TABLE = '_prisma_migrations'

/** The schema where backfills record their progress. No migration creates it, and no one else has rights in it. */
export const BACKFILL_SCHEMA = 'miyabi_backfill'

/** Whether a schema, by its name, belongs to the database and not to the server or to our own machinery. */
export const isOurSchema = (name: string): string =>
  `(${name} !~ '^pg_' AND ${name} NOT IN ('information_schema', '${BACKFILL_SCHEMA}'))`

/** Schemas that belong to the database. */
export const inOurSchema = (namespace: string): string =>
  `${namespace} IN (SELECT oid FROM pg_namespace WHERE ${isOurSchema('nspname')})`

/** What an extension creates belongs to the extension. */
export const notOfExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`

/** The schema of the monthly partitions. */
export const PARTS_SCHEMA = 'parts'

/**
 * Whether a table or an index is a monthly partition, which differs between databases: what applies to the whole table
 * applies to it, and a separate check covers it.
 */
export const isMonth = (alias: string): string =>
  `(${alias}.relispartition AND ${alias}.relnamespace = coalesce(to_regnamespace('${PARTS_SCHEMA}'), 0))`

/** Tables, views, sequences and indexes that are ours: rows of pg_class under an alias. */
export const isOurs = (alias: string): string =>
  `${inOurSchema(`${alias}.relnamespace`)} AND ${notOfExtension('pg_class', `${alias}.oid`)} AND NOT ${isMonth(alias)} AND ${alias}.relname <> '${HISTORY_TABLE}'`

/**
 * A role's name. The migrating login is named CURRENT_USER, so that two databases agree that were migrated by logins of
 * different names; the owner of the database is treated the same.
 */
export const role = (oid: string): string =>
  `CASE WHEN ${oid} = 0 THEN 'PUBLIC' WHEN pg_get_userbyid(${oid}) IN (current_user, 'pg_database_owner') THEN 'CURRENT_USER' ELSE quote_ident(pg_get_userbyid(${oid})) END`
