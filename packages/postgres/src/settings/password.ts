import { safeCause } from '@miyabi/core'
import { PostgresError } from '../errors/errors.js'
import { WORDING } from '../errors/wording.js'

/**
 * Gives a password: a token that expires, or a secret that rotates. Called for every new connection, so it should keep
 * what is still valid. It counts against DB_CONNECT_TIMEOUT.
 */
export type PasswordSource = () => string | Promise<string>

/**
 * The same in the driver's words: what goes wrong in it is typed, and comes out of whatever needed the connection.
 * @throws {PostgresError} `postgres.password_failed`, when called.
 */
export function driverPassword(source: PasswordSource): () => Promise<string> {
  return async () => {
    const { reason, remedy } = WORDING['postgres.password_failed']
    try {
      const password: unknown = await source()
      if (typeof password === 'string' && password !== '') return password
    } catch (error) {
      const cause = safeCause(error)
      throw new PostgresError('postgres.password_failed', `${reason} (${cause.name}); ${remedy}`, { cause })
    }
    throw new PostgresError('postgres.password_failed', `${reason}: it gave no text`)
  }
}
