import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from '@miyabi/testing'
import { onTestFinished } from 'vitest'
import { type Migration, readMigrations } from '../../src/history/folder.js'

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

/** The history as `name state`, oldest first. */
export async function historyOf(url: string): Promise<string[]> {
  const rows = await sql<{ line: string }>(
    url,
    `SELECT migration_name || CASE WHEN rolled_back_at IS NOT NULL THEN ' rolled back' WHEN finished_at IS NULL THEN ' unfinished' ELSE ' applied' END AS line
       FROM _prisma_migrations ORDER BY started_at`,
  )
  return rows.map(({ line }) => line)
}
