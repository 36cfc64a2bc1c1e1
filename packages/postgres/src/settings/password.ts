import { safeCause } from '@miyabi/core'
import { meaningOf } from '../errors/codes.js'
import { PostgresError } from '../errors/errors.js'

/**
 * Returns a password: a token that expires, or a secret that rotates. Called for every new connection, so it should
 * cache a valid one. Its time counts toward DB_CONNECT_TIMEOUT.
 */
export type PasswordSource = () => string | Promise<string>

/**
 * Converts it for the driver: its errors are typed, and are passed to the calls that needed the connection.
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
    throw new PostgresError('postgres.password_failed', `${reason}: it did not return a string`, {
      remedy: 'let it return a password; the next connection calls it again',
    })
  }
}
