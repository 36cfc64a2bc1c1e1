import { safeCause } from '@miyabi/core'
import { meaningOf } from '../errors/codes.js'
import { PostgresError } from '../errors/errors.js'

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
    const { reason } = meaningOf('postgres.password_failed')
    try {
      const password: unknown = await source()
      if (typeof password === 'string' && password !== '') return password
    } catch (error) {
      const cause = safeCause(error)
      throw new PostgresError('postgres.password_failed', `${reason} (${cause.name})`, { cause })
    }
    throw new PostgresError('postgres.password_failed', `${reason}: it gave no text`, {
      remedy: 'let it give a password; the next connection calls it again',
    })
  }
}
