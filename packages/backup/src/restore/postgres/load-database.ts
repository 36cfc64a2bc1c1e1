import { catalogWithin, diffCatalogs, renderCatalogDiff } from '@miyabi/migrate'
import type pg from 'pg'
import { BackupError } from '../../errors/errors.js'
import type { OpenedBackup } from '../../format/open-backup.js'
import { filledTables } from './empty.js'
import { loadRows } from './load-rows.js'
import { openTables } from './open-tables.js'
import { type Table, tablesOf } from './tables.js'

/**
 * Inserts the rows of a backup into a database that has its schema and no data. For use inside a transaction, as the
 * tables' owner: the catalog is the same before and after.
 *
 * @returns how many rows.
 * @throws {BackupError} `backup.not_empty`, `backup.tables_differ`, `backup.tables_locked`, `backup.damaged`,
 * `backup.schema_changed`
 */
export async function loadDatabase(
  client: pg.Client,
  backup: OpenedBackup,
  onTable: (table: string, rows: number) => void,
): Promise<number> {
  const tables = await tablesOf(client)
  compareTables(backup, tables)
  await client.query(`LOCK TABLE ${tables.map(({ sql }) => sql).join(', ')} IN ACCESS EXCLUSIVE MODE`)
  const filled = await filledTables(client, tables)
  if (filled.length > 0) throw notEmpty(filled)
  const before = await catalogWithin(client)
  const close = await openTables(client, tables)
  const rows = await loadRows(client, backup, { tables, onTable })
  await close()
  const differences = diffCatalogs(before, await catalogWithin(client))
  if (differences.length === 0) return rows
  throw new BackupError(
    'backup.schema_changed',
    `The restore would leave a different schema:\n${renderCatalogDiff(differences)}`,
    { details: { differences: differences.length }, remedy: 'report it, with these lines' },
  )
}

/** @throws {BackupError} `backup.not_empty` */
export const notEmpty = (found: readonly string[]): BackupError<'backup.not_empty'> =>
  new BackupError(
    'backup.not_empty',
    `A backup is restored into an empty stack, but this one has data: ${found.join(', ')}`,
    {
      details: { found },
      remedy: 'restore into a database and DynamoDB tables without data: new ones, or another DYNAMODB_TABLE_PREFIX',
    },
  )

function compareTables({ manifest }: OpenedBackup, tables: readonly Table[]): void {
  const backedUp = new Set(manifest.postgres.tables.map(({ name }) => name))
  const present = new Set(tables.map(({ name }) => name))
  const missing = [...backedUp].filter((name) => !present.has(name))
  const unexpected = [...present].filter((name) => !backedUp.has(name))
  if (missing.length + unexpected.length === 0) return
  const facts = [
    ...(missing.length > 0 ? [`it lacks ${missing.join(', ')}`] : []),
    ...(unexpected.length > 0 ? [`the backup has no ${unexpected.join(', ')}`] : []),
  ]
  throw new BackupError('backup.tables_differ', `The database has other tables than the backup: ${facts.join('; ')}`, {
    details: { missing, unexpected },
    remedy:
      'restore into a database that only its migrations have created; run `pnpm db:migrate drift` to list other changes',
  })
}
