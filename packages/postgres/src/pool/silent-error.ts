import { PostgresError } from '../errors/errors.js'

/** The error of callers whose connection was closed because the server did not answer within its limit. */
export function silentError(server: string, silentMs: number): PostgresError<'postgres.connection_lost'> {
  return new PostgresError(
    'postgres.connection_lost',
    `No answer for ${silentMs} ms, longer than a statement may take (${server}): the server or the network has stopped, and the connection was closed; whether the work in flight happened is unknown`,
    { details: { silentMs } },
  )
}
