import { isChecksumOf, type Migration } from './folder.js'
import type { HistoryRow } from './history.js'

/**
 * The state of a migration: `pending` is not applied, `failed` was started and not finished, `edited` was applied with
 * another script, `unknown` was applied and is not in the code.
 */
export type MigrationState = 'applied' | 'pending' | 'failed' | 'edited' | 'unknown'

/** A migration of the code, of the database, or of both. */
export interface MigrationStatus {
  readonly name: string
  readonly state: MigrationState
  /** When it was started; null if it was not. */
  readonly startedAt: Date | null
  readonly hasDown: boolean
}

/**
 * Compares the code's migrations with the history: first those of the code in their order, then those that are not in
 * the code.
 */
export function compareHistory(migrations: readonly Migration[], history: readonly HistoryRow[]): MigrationStatus[] {
  const latest = new Map<string, HistoryRow>()
  for (const row of history) if (row.state !== 'rolled back') latest.set(row.name, row)
  const known = migrations.map((migration): MigrationStatus => {
    const row = latest.get(migration.name)
    latest.delete(migration.name)
    return {
      name: migration.name,
      state: stateOf(migration, row),
      startedAt: row?.startedAt ?? null,
      hasDown: migration.down !== undefined,
    }
  })
  const unknown = [...latest.values()].map(
    ({ name, startedAt, state }): MigrationStatus => ({
      name,
      state: state === 'unfinished' ? 'failed' : 'unknown',
      startedAt,
      hasDown: false,
    }),
  )
  return [...known, ...unknown]
}

function stateOf(migration: Migration, row: HistoryRow | undefined): MigrationState {
  if (row === undefined) return 'pending'
  if (row.state === 'unfinished') return 'failed'
  return isChecksumOf(row.checksum, migration) ? 'applied' : 'edited'
}
