import { PostgresError } from '../errors/errors.js'
import { type Parameter, toParameter } from '../internals/pg.js'
import { isWellFormed } from './well-formed.js'

/** The protocol counts them in 16 bits, and the driver silently truncates a greater number. */
const MAX_PARAMETERS = 65_535

/**
 * Converts values to parameters of a statement before anything is sent. The driver would detect a value without such a
 * form only after the session has been sent the statement, and then close that statement while continuing to use its
 * name.
 * @throws {PostgresError} `postgres.invalid_query`
 */
export function toParameters(values: readonly unknown[]): Parameter[] {
  if (values.length > MAX_PARAMETERS) throw tooMany(values.length)
  return values.map((value, index) => {
    if (typeof value === 'string' && !isWellFormed(value)) throw refused(`$${index + 1}`, 'half of a surrogate pair')
    if (value instanceof Date && Number.isNaN(value.getTime())) throw refused(`$${index + 1}`, 'an invalid Date')
    try {
      return toParameter(value)
    } catch (error) {
      const name = error instanceof Error ? error.name : typeof error
      throw refused(`$${index + 1}`, `${name} while being converted`)
    }
  })
}

/** Without a cause: its message may quote the value. */
function refused(argument: string, problem: string): PostgresError<'postgres.invalid_query'> {
  return new PostgresError(
    'postgres.invalid_query',
    `Parameter ${argument} cannot be sent to the server (${problem}); nothing was sent`,
    { details: { argument } },
  )
}

function tooMany(count: number): PostgresError<'postgres.invalid_query'> {
  return new PostgresError(
    'postgres.invalid_query',
    `A statement has ${count} parameters; expected at most ${MAX_PARAMETERS}; nothing was sent`,
    { remedy: 'send arrays, as in INSERT ... SELECT FROM unnest($1::int[])' },
  )
}
