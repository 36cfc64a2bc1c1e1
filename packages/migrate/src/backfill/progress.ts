import type pg from 'pg'
import { BACKFILL_SCHEMA } from '../catalog/sql.js'
import { BackfillError } from './errors.js'
import { actAsOwner, type BackfillTable } from './table.js'

/** The progress of a backfill, as stored in the database. */
export interface Place {
  /** The key of the last row that was processed, as strings; null before the first. */
  readonly position: readonly string[] | null
  readonly seen: number
  readonly changed: number
  readonly isDone: boolean
}

const PROGRESS = `${BACKFILL_SCHEMA}.progress`

/**
 * Records a new backfill; an existing one is left unchanged. The records have a separate schema, which Prisma, lint and
 * drift ignore, and belong to the owner of the table, so that another member of that group can resume.
 *
 * @param client acts as the table's owner.
 * @param change what is done to which rows, as text.
 * @throws {BackfillError} `migrate.backfill.name_taken` if it was started with another change.
 */
export async function noteBeginning(
  client: pg.Client,
  name: string,
  table: BackfillTable,
  change: string,
): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtext('${BACKFILL_SCHEMA}'))`) // two that start concurrently
  // would both create it
  const { rows: there } = await client.query<{ exists: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS exists', [
    BACKFILL_SCHEMA,
  ])
  if (!there[0]?.exists) {
    // The owner may lack the right to create schemas, which the login has.
    await client.query(`RESET ROLE; CREATE SCHEMA ${BACKFILL_SCHEMA} AUTHORIZATION ${table.owner}`)
    await actAsOwner(client, name, table)
  }
  await client.query(`CREATE TABLE IF NOT EXISTS ${PROGRESS} (
    name       text        PRIMARY KEY,
    change     text        NOT NULL,
    position   text[],
    seen       bigint      NOT NULL DEFAULT 0,
    changed    bigint      NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    done_at    timestamptz
  )`)
  await client.query(`INSERT INTO ${PROGRESS} (name, change) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [name, change])
  const { rows } = await client.query<{ change: string }>(`SELECT change FROM ${PROGRESS} WHERE name = $1`, [name])
  if (rows[0]?.change === change) return
  throw new BackfillError(
    'migrate.backfill.name_taken',
    `another change was started under this name: ${rows[0]?.change}. Use a different name for this one.`,
    { details: { backfill: name } },
  )
}

/** Reads the progress of the backfill, and blocks other runs until the transaction ends. */
export async function lockPlace(client: pg.Client, name: string): Promise<Place> {
  const { rows } = await client.query<Place>(
    `SELECT position, seen::float8 AS seen, changed::float8 AS changed, done_at IS NOT NULL AS "isDone"
       FROM ${PROGRESS} WHERE name = $1 FOR UPDATE`,
    [name],
  )
  const [place] = rows
  if (place) return place
  throw new BackfillError(
    'migrate.backfill.name_taken',
    'its progress record was deleted while it ran. Start it again.',
    {
      details: { backfill: name },
    },
  )
}

/** Records the progress of the backfill with the end of the transaction. */
export async function notePlace(client: pg.Client, name: string, place: Place): Promise<void> {
  await client.query(
    `UPDATE ${PROGRESS} SET position = $2, seen = $3, changed = $4, updated_at = now(), done_at = CASE WHEN $5 THEN now() END
      WHERE name = $1`,
    [name, place.position, place.seen, place.changed, place.isDone],
  )
}
