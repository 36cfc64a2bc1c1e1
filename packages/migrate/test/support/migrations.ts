import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { type Migration, readMigrations } from '../../src/history/folder.js'
import { createHistory } from '../../src/history/history.js'
import { sql } from './database.js'

/** The files of a migration. */
export interface Files {
  readonly up: string
  readonly down?: string
  readonly rows?: string
}

/**
 * Writes migrations into a folder, by name, and reads them as a command does. The folder goes when the test has ended.
 */
export function migrationsOf(files: Readonly<Record<string, Files>>): Migration[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-migrations-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, { up, down, rows }] of Object.entries(files)) {
    mkdirSync(path.join(folder, name))
    writeFileSync(path.join(folder, name, 'migration.sql'), up)
    if (down !== undefined) writeFileSync(path.join(folder, name, 'down.sql'), down)
    if (rows !== undefined) writeFileSync(path.join(folder, name, 'rows.sql'), rows)
  }
  return readMigrations(folder)
}

/** Applies migrations as Prisma does, with the notes that it leaves, in a moment instead of seconds. */
export async function deploy(url: string, migrations: readonly Migration[]): Promise<void> {
  await sql(url, createHistory('public').replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'))
  for (const { name, up } of migrations) {
    await sql(url, up)
    await sql(
      url,
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES (gen_random_uuid(), $1, $2, clock_timestamp(), clock_timestamp(), 1)`,
      [createHash('sha256').update(up).digest('hex'), name],
    )
  }
}

/** The history as `name state`, oldest first. */
export async function historyOf(url: string): Promise<string[]> {
  const rows = await sql<{ line: string }>(
    url,
    `SELECT migration_name || CASE WHEN rolled_back_at IS NOT NULL THEN ' rolled back' WHEN finished_at IS NULL THEN ' unfinished' ELSE ' applied' END AS line
       FROM _prisma_migrations ORDER BY started_at`,
  )
  return rows.map(({ line }) => line)
}
