import type { Ask } from '../pool/own-connection.js'

/** A migration that the code was built with. */
export interface BuiltMigration {
  readonly name: string
  /** SHA-256 of its script, in hex, as Prisma records it. */
  readonly checksum: string
}

/** How the database differs from what the code was built for, by names of migrations. */
export interface MigrationState {
  /** Not applied yet. */
  readonly pending: readonly string[]
  /** Started and not finished: they failed, or are running now. */
  readonly failed: readonly string[]
  /** Applied with a different script than the one that the code was built with. */
  readonly edited: readonly string[]
  /** Applied or started, and unknown to the code: the database is ahead of it. */
  readonly unknown: readonly string[]
}

/** One attempt at a migration, from Prisma's history. */
export interface HistoryRow {
  readonly name: string
  readonly checksum: string
  readonly state: 'applied' | 'unfinished' | 'rolled_back'
}

/** The history as far as the application's login may read it. */
const HISTORY = `
  SELECT migration_name AS name, checksum,
         CASE WHEN rolled_back_at IS NOT NULL THEN 'rolled_back'
              WHEN finished_at IS NULL THEN 'unfinished'
              ELSE 'applied' END AS state
    FROM _prisma_migrations
   ORDER BY started_at`

/**
 * Reads Prisma's history, oldest first; empty if there is none.
 * @throws the driver's error 42501 if the login may not read it.
 */
export async function readHistory(ask: Ask): Promise<HistoryRow[]> {
  const [row] = await ask<{ found: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found`)
  return row?.found ? ask<HistoryRow>(HISTORY) : []
}

/**
 * Compares the migrations that the code was built with to those applied. A migration can have several rows: tried,
 * rolled back, tried again.
 */
export function compareMigrations(built: readonly BuiltMigration[], history: readonly HistoryRow[]): MigrationState {
  const latest = new Map<string, HistoryRow>()
  for (const row of history) if (row.state !== 'rolled_back') latest.set(row.name, row)
  const stateOf = ({ name, checksum }: BuiltMigration): keyof MigrationState | 'applied' => {
    const row = latest.get(name)
    if (!row) return 'pending'
    if (row.state === 'unfinished') return 'failed'
    return row.checksum === checksum ? 'applied' : 'edited'
  }
  const known = new Set(built.map(({ name }) => name))
  const named = (state: keyof MigrationState): string[] =>
    built.filter((migration) => stateOf(migration) === state).map(({ name }) => name)
  return {
    pending: named('pending'),
    failed: named('failed'),
    edited: named('edited'),
    unknown: [...latest.keys()].filter((name) => !known.has(name)),
  }
}
