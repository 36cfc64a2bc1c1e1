import { withDeadline } from '@miyabi/core'
import type { PostgresSettings } from './config.js'
import { PostgresError } from './errors.js'
import { mapConnectError } from './map-error.js'
import { serverOf, toClientConfig } from './pool-config.js'
import { PooledClient } from './pooled-client.js'
import { tableNames } from './tables.js'
import { WORDING } from './wording.js'

const LIMIT_MS = 1000

/** How PostgreSQL answered. */
export interface PostgresHealth {
  readonly status: 'up' | 'down'
  /** How long it took to know, in milliseconds. */
  readonly latencyMs: number
  /** The server's version. */
  readonly version?: string
  /** Why it is down. Names the server, never a password. */
  readonly reason?: string
  /** What to do about it. */
  readonly remedy?: string
}

const QUESTION = `
  SELECT current_setting('server_version') AS version,
         ARRAY(SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(quote_ident(name)) IS NULL) AS missing`

/**
 * Asks the server over a connection of its own, so that it neither takes a slot of the pool nor waits for one. Answers within a
 * second; rejects only with the signal's reason.
 */
export async function checkHealth(
  settings: PostgresSettings,
  options: { readonly signal?: AbortSignal } = {},
): Promise<PostgresHealth> {
  const start = performance.now()
  const latencyMs = (): number => Math.round(performance.now() - start)
  try {
    const { version, missing } = await ask(settings, options.signal)
    if (missing.length === 0) return { status: 'up', latencyMs: latencyMs(), version }
    const { remedy } = WORDING['postgres.schema_mismatch']
    const reason =
      missing.length === tableNames.length
        ? 'The database has none of the tables: no migration was applied'
        : `The database lacks ${missing.length} of ${tableNames.length} tables: ${missing.join(', ')}`
    return { status: 'down', latencyMs: latencyMs(), version, reason, ...(remedy && { remedy }) }
  } catch (cause) {
    options.signal?.throwIfAborted()
    const error = mapConnectError(cause, serverOf(settings))
    const { remedy } = WORDING[(error as PostgresError).code]
    const reason = error.message.replace(`; ${remedy}`, '') // told apart
    return { status: 'down', latencyMs: latencyMs(), reason, ...(remedy && { remedy }) }
  }
}

interface Answer {
  readonly version: string
  readonly missing: readonly string[]
}

async function ask(settings: PostgresSettings, signal: AbortSignal | undefined): Promise<Answer> {
  const config = { ...toClientConfig(settings), connectTimeoutMs: LIMIT_MS, sockets: new Set<PooledClient>() }
  const client = new PooledClient(config)
  const onTimeout = (): PostgresError =>
    new PostgresError('postgres.connect_timeout', `No answer from ${serverOf(settings)} within ${LIMIT_MS} ms`)
  try {
    const answer = await withDeadline({ ms: LIMIT_MS, signal, onTimeout }, async () => {
      await client.connect()
      const { rows } = await client.query<[Answer['version'], string[]]>({
        text: QUESTION,
        values: [tableNames],
        rowMode: 'array',
      })
      return rows[0]
    })
    void client.end()
    return { version: answer?.[0] ?? '', missing: answer?.[1] ?? [] }
  } catch (error) {
    client.destroy()
    throw error
  }
}
