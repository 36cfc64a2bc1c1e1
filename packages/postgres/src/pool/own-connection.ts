import { withDeadline } from '@miyabi/core'
import { PostgresError } from '../errors/errors.js'
import { mapConnectError } from '../errors/map-error.js'
import { toClientConfig } from '../settings/client-config.js'
import type { ResolvedSettings } from '../settings/resolve.js'
import { PooledClient } from './pooled-client.js'

/** How long a query about the server may take, including opening the connection. */
export const QUESTION_LIMIT_MS = 1000

/** The options of such a query. */
export type Ask = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>

/** The stage it reached in time. */
type Stage = 'connecting' | 'login' | 'question'

/**
 * Queries the server over a separate connection, which neither takes a slot of the pool nor waits for one, and is
 * closed after the answer.
 * @throws {PostgresError} why there was no answer within a second.
 * @throws the signal's reason.
 */
export async function onOwnConnection<T>(
  settings: ResolvedSettings,
  signal: AbortSignal | undefined,
  question: (ask: Ask) => Promise<T>,
): Promise<T> {
  const ms = QUESTION_LIMIT_MS
  const client = new PooledClient({ ...toClientConfig(settings), connectTimeoutMs: 2 * ms, sockets: new Set() })
  let isOpen = false
  const stage = (): Stage => (isOpen ? 'question' : client.isConnecting ? 'connecting' : 'login')
  const onTimeout = (): PostgresError => noAnswer(stage(), settings)
  try {
    const answer = await withDeadline({ ms, signal, onTimeout }, async () => {
      await client.connect()
      isOpen = true
      return question(async <Row extends object>(text: string, values: readonly unknown[] = []) => {
        return (await client.query<Row>(text, [...values])).rows
      })
    })
    void client.end()
    return answer
  } catch (error) {
    client.destroy()
    signal?.throwIfAborted()
    throw mapConnectError(error, settings.target)
  }
}

/** The error of a query without an answer in time: the stage it reached, and what to check. */
function noAnswer(stage: Stage, settings: ResolvedSettings): PostgresError<'postgres.connect_timeout'> {
  const { reason, remedy } = pointOf(stage, settings)
  return new PostgresError('postgres.connect_timeout', reason, { remedy })
}

function pointOf(stage: Stage, settings: ResolvedSettings): { readonly reason: string; readonly remedy: string } {
  const { server, variable } = settings.target
  const within = `within ${QUESTION_LIMIT_MS} ms (${server})`
  switch (stage) {
    case 'connecting':
      return {
        reason: `No answer: no connection could be established ${within}`,
        remedy: `check the network, firewalls that silently drop packets, and host and port in ${variable}`,
      }
    case 'login':
      return {
        reason: `No answer: a connection was accepted, but the login was not completed ${within}`,
        remedy: `check whether the server there is stopped, overloaded or not PostgreSQL (host and port in ${variable})`,
      }
    case 'question':
      return {
        reason: `No answer: the login was completed, but a query was not answered ${within}`,
        remedy: 'check for locks on the catalogs or on _prisma_migrations (pg_locks), and the load of the server',
      }
  }
}
