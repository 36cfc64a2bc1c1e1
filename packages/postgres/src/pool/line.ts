import { withDeadline } from '@miyabi/core'
import { PostgresError } from '../errors/errors.js'
import { mapConnectError, toPostgresError } from '../errors/map-error.js'
import { toClientConfig } from '../settings/client-config.js'
import type { PostgresSettings } from '../settings/config.js'
import { resolvePostgresSettings } from '../settings/resolve.js'
import { PooledClient } from './pooled-client.js'

/** A line that says nothing may be dead: it is asked after this long, and lost after as long without an answer. */
const ASKED_AFTER_MS = 10_000
const ANSWERS_WITHIN_MS = 5_000

/** What a line reports. */
export interface LineEvents {
  /** Another session's NOTIFY; what the line itself said is left out. */
  onHeard(channel: string, payload: string): void
  /** The connection is gone, once; what is said meanwhile is not heard. */
  onLost(error: PostgresError): void
}

/** One connection of its own over which sessions hear of each other. */
export interface Line {
  /** Listens to one channel more. */
  listen(channel: string): Promise<void>
  /** Tells other sessions, in one statement. `payload` up to 7,999 bytes; what is said twice at once is heard once. */
  notify(said: readonly { readonly channel: string; readonly payload: string }[]): Promise<void>
  /** Ends it; `onLost` is not called any more. */
  close(): Promise<void>
}

/**
 * Opens a line with the login of SERVICE_DIRECT_DATABASE_URL: a pooler in transaction mode would let no session listen.
 * @throws {PostgresError} where no connection can be made.
 */
export async function openLine(given: PostgresSettings, { onHeard, onLost }: LineEvents): Promise<Line> {
  const settings = resolvePostgresSettings(given, 'listener')
  const client = new PooledClient({
    ...toClientConfig(settings),
    connectTimeoutMs: settings.connectTimeoutMs,
    sockets: new Set(),
  })
  let isOver = false
  let timer: NodeJS.Timeout | undefined
  const end = (error?: unknown): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    client.destroy()
    if (error !== undefined) onLost(toPostgresError(error))
  }
  try {
    await client.connect()
  } catch (error) {
    client.destroy()
    throw mapConnectError(error, settings.target)
  }
  client.on('error', end)
  client.on('end', () => end(new PostgresError('postgres.connection_lost', 'The connection that listens was closed')))
  client.on('notification', ({ processId, channel, payload = '' }) => {
    if (processId !== client.serverPid) onHeard(channel, payload)
  })
  const ask = async (text: string, values: readonly unknown[] = []): Promise<void> => {
    const onTimeout = () => new PostgresError('postgres.connection_lost', 'The connection that listens did not answer')
    try {
      await withDeadline({ ms: ANSWERS_WITHIN_MS, onTimeout }, () => client.query(text, [...values]))
    } catch (error) {
      end(error)
      throw toPostgresError(error)
    }
  }
  const keepAsking = (): void => {
    timer = setTimeout(() => {
      ask('SELECT 1').then(keepAsking, () => {})
    }, ASKED_AFTER_MS)
    timer.unref()
  }
  keepAsking()
  return {
    listen: (channel) => ask(`LISTEN ${client.escapeIdentifier(channel)}`),
    notify: (said) =>
      ask('SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS said (channel, payload)', [
        said.map(({ channel }) => channel),
        said.map(({ payload }) => payload),
      ]),
    async close() {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      await client.end()
    },
  }
}
