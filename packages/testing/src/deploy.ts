import { createHash } from 'node:crypto'
import { withConnection } from './admin.js'

/** Prisma's table of applied migrations, as its engine creates it. */
const HISTORY = `CREATE TABLE IF NOT EXISTS public._prisma_migrations (
  id varchar(36) PRIMARY KEY NOT NULL,
  checksum varchar(64) NOT NULL,
  finished_at timestamptz,
  migration_name varchar(255) NOT NULL,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`

/** Applies migrations as Prisma does, including its records, in a moment instead of seconds. */
export async function deploy(
  url: string,
  migrations: readonly { readonly name: string; readonly up: string }[],
): Promise<void> {
  await withConnection(url, async (client) => {
    await client.query(HISTORY)
    for (const { name, up } of migrations) {
      await client.query(up)
      await client.query('RESET ROLE; RESET ALL')
      await client.query(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
         VALUES (gen_random_uuid(), $1, $2, clock_timestamp(), clock_timestamp(), 1)`,
        [createHash('sha256').update(up).digest('hex'), name],
      )
    }
  })
}
