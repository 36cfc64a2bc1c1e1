import { withDeadline } from '@miyabi/core'
import { PostgresError } from '../errors/errors.js'
import { mapConnectError } from '../errors/map-error.js'
import { PooledClient } from '../pool/pooled-client.js'
import { toClientConfig } from '../settings/client-config.js'
import type { ResolvedSettings } from '../settings/resolve.js'

/** How long a question about the server may take, opening the connection included. */
export const QUESTION_LIMIT_MS = 1000

/** What a question is asked with. */
export type Ask = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>

/**
 * Asks the server over a connection of its own, which neither takes a slot of the pool nor waits for one, and ends with the answer.
 * @throws {PostgresError} why there was none within a second.
 * @throws the signal's reason.
 */
export async function onOwnConnection<T>(
  settings: ResolvedSettings,
  signal: AbortSignal | undefined,
  question: (ask: Ask) => Promise<T>,
): Promise<T> {
  const ms = QUESTION_LIMIT_MS
  const client = new PooledClient({ ...toClientConfig(settings), connectTimeoutMs: 2 * ms, sockets: new Set() })
  const onTimeout = (): PostgresError =>
    new PostgresError('postgres.connect_timeout', `No answer from ${settings.target.server} within ${ms} ms`)
  try {
    const answer = await withDeadline({ ms, signal, onTimeout }, async () => {
      await client.connect()
      return question(async <Row extends object>(text: string, values: readonly unknown[] = []) => {
        return (await client.query<Row>(text, [...values])).rows
      })
    })
    void client.end()
    return answer
  } catch (error) {
    client.destroy()
    signal?.throwIfAborted()
    throw mapConnectError(error, settings.target.server)
  }
}
