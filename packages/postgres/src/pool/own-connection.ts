import { withDeadline } from '@miyabi/core'
import { PostgresError } from '../errors/errors.js'
import { mapConnectError } from '../errors/map-error.js'
import { toClientConfig } from '../settings/client-config.js'
import type { ResolvedSettings } from '../settings/resolve.js'
import { PooledClient } from './pooled-client.js'

/** How long a question about the server may take, opening the connection included. */
export const QUESTION_LIMIT_MS = 1000

/** What a question is asked with. */
export type Ask = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>

/** How far it came in time. */
type Stage = 'connecting' | 'login' | 'question'

/**
 * Asks the server over a connection of its own, which neither takes a slot of the pool nor waits for one, and ends with
 * the answer.
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

/** A question that was not answered in time: at which point, and what to look at. */
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
        reason: `No answer: no connection could be made ${within}`,
        remedy: `look at the network, a firewall that drops what it does not let in, and host and port in ${variable}`,
      }
    case 'login':
      return {
        reason: `No answer: a connection was accepted and the login not completed ${within}`,
        remedy: `look whether the server there is stopped, overloaded or no PostgreSQL at all (host and port in ${variable})`,
      }
    case 'question':
      return {
        reason: `No answer: the login was completed and a question not answered ${within}`,
        remedy: 'look for locks on the catalogs or on _prisma_migrations (pg_locks), and at the load of the server',
      }
  }
}
