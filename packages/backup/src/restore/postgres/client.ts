import type { Target } from '@miyabi/migrate'
import type pg from 'pg'
import { connect } from '../../postgres/connect.js'
import { toServerError } from '../../postgres/database-error.js'

/**
 * Runs `work` on a separate connection as the migrator, which the signal closes.
 * @throws {BackupError} `backup.database_unreachable`, `backup.database_refused`, `backup.database_failed`
 */
export async function withClient<T>(
  target: Target,
  signal: AbortSignal | undefined,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(target, { signal })
  try {
    // If this process dies, the server must not finish a long statement while holding locks.
    await client.query("SET client_connection_check_interval = '1s'")
    return await work(client)
  } catch (error) {
    signal?.throwIfAborted()
    throw toServerError(error)
  } finally {
    await client.end().catch(() => {})
  }
}
