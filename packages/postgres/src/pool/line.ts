import { withDeadline } from '@miyabi/core'
import { PostgresError } from '../errors/errors.js'
import { mapConnectError, toPostgresError } from '../errors/map-error.js'
import { toClientConfig } from '../settings/client-config.js'
import type { PostgresSettings } from '../settings/config.js'
import { resolvePostgresSettings } from '../settings/resolve.js'
import { PooledClient } from './pooled-client.js'

/**
 * A silent connection may be dead: it is tested after this time, and considered lost after the same time without an
 * answer.
 */
const ASKED_AFTER_MS = 10_000
const ANSWERS_WITHIN_MS = 5_000

/** The events of a listening connection. */
export interface LineEvents {
  /** A NOTIFY from another session; its own are omitted. */
  onHeard(channel: string, payload: string): void
  /** The connection is gone, reported once; notifications sent in the meantime are missed. */
  onLost(error: PostgresError): void
}

/** A separate connection over which sessions notify each other. */
export interface Line {
  /** Listens to another channel. */
  listen(channel: string): Promise<void>
  /**
   * Notifies other sessions, in one statement. `payload` up to 7,999 bytes; duplicates in one call are received once.
   */
  notify(said: readonly { readonly channel: string; readonly payload: string }[]): Promise<void>
  /** Closes it; `onLost` is not called afterwards. */
  close(): Promise<void>
}

/**
 * Opens a listening connection with the login of SERVICE_DIRECT_DATABASE_URL: behind a pooler in transaction mode no
 * session could listen.
 * @throws {PostgresError} if no connection can be established.
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
  client.on('end', () => end(new PostgresError('postgres.connection_lost', 'The listening connection was closed')))
  client.on('notification', ({ processId, channel, payload = '' }) => {
    if (processId !== client.serverPid) onHeard(channel, payload)
  })
  const ask = async (text: string, values: readonly unknown[] = []): Promise<void> => {
    const onTimeout = () => new PostgresError('postgres.connection_lost', 'The listening connection did not answer')
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
