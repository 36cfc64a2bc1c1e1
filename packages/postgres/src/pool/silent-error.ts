import { PostgresError } from '../errors/errors.js'

/** What those hear whose connection was cut because the server gave no answer for longer than it may take. */
export function silentError(server: string, silentMs: number): PostgresError<'postgres.connection_lost'> {
  return new PostgresError(
    'postgres.connection_lost',
    `No answer for ${silentMs} ms, longer than a statement may take (${server}): the server or the network has stopped, and the connection was cut; whether the work in flight happened is unknown`,
    { details: { silentMs } },
  )
}
