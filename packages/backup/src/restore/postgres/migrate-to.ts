import { deployMigrations, HISTORY_TABLE, type Migration, type Target } from '@miyabi/migrate'
import pg from 'pg'
import { BackupError } from '../../errors/errors.js'
import type { Manifest } from '../../format/manifest.js'
import { withClient } from './client.js'

/** The migrations of a database, and those to be applied. */
export interface MigrationsOfBackup {
  /** Those that the backup was made with. */
  readonly until: readonly Migration[]
  /** Those that came later. */
  readonly after: readonly Migration[]
}

/**
 * Finds the migrations of a backup among those of this release, which must be identical.
 * @throws {BackupError} `backup.newer`, `backup.history_differs`
 */
export function migrationsOf({ id, schema }: Manifest, migrations: readonly Migration[]): MigrationsOfBackup {
  const known = new Map(migrations.map((migration) => [migration.name, migration]))
  const newer = schema.migrations.map(({ name }) => name).filter((name) => !known.has(name))
  if (newer.length > 0) {
    throw new BackupError(
      'backup.newer',
      `Backup ${id} was made with migrations that this release does not have: ${newer.join(', ')}`,
      {
        details: { backup: id, migrations: newer },
        remedy: 'restore it with the release that made it, or a later one',
      },
    )
  }
  const until = migrations.slice(0, schema.migrations.length)
  const others = schema.migrations.filter(({ name, checksum }, index) => {
    const own = until[index]
    return own?.name !== name || own.checksum !== checksum
  })
  if (others.length > 0)
    throw historyDiffers(
      id,
      others.map(({ name }) => name),
    )
  return { until, after: migrations.slice(until.length) }
}

const historyDiffers = (backup: string, migrations: readonly string[]): BackupError<'backup.history_differs'> =>
  new BackupError(
    'backup.history_differs',
    `The migrations of this release differ from those of backup ${backup}: ${migrations.join(', ')}`,
    {
      details: { backup, migrations },
      remedy: 'restore it with the release that made it; an applied migration is never changed',
    },
  )

/**
 * Brings a database that has none or some of them to the migrations of a backup.
 * @throws {BackupError} `backup.history_ahead` if it has more.
 */
export async function migrateToBackup(
  database: Target,
  { until, after }: MigrationsOfBackup,
  options: { readonly onProgress: (migration: string) => void; readonly signal?: AbortSignal | undefined },
): Promise<readonly string[]> {
  const ahead = await appliedOf(database, after)
  if (ahead.length > 0) {
    throw new BackupError(
      'backup.history_ahead',
      `The database has migrations from after the backup: ${ahead.join(', ')}. The rows of a backup are restored with its own migrations`,
      {
        details: { migrations: ahead },
        remedy:
          "restore into an empty database: it is brought to the backup's migrations, and then to those of this release",
      },
    )
  }
  return deployMigrations({ database, migrations: until, ...options })
}

/** Those of the migrations that are applied to a database. */
async function appliedOf(database: Target, migrations: readonly Migration[]): Promise<readonly string[]> {
  const history = `${pg.escapeIdentifier(database.schema)}.${HISTORY_TABLE}`
  return withClient(database, undefined, async (client) => {
    const { rows: found } = await client.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [
      history,
    ])
    if (!found[0]?.exists) return []
    const { rows } = await client.query<{ name: string }>(
      `SELECT DISTINCT migration_name AS name FROM ${history} WHERE rolled_back_at IS NULL AND migration_name = ANY ($1) ORDER BY 1`,
      [migrations.map(({ name }) => name)],
    )
    return rows.map(({ name }) => name)
  })
}
