import { PostgresError } from '../errors/errors.js'
import { type Parameter, toParameter } from '../internals/pg.js'
import { isWellFormed } from './well-formed.js'

/** The protocol counts them in 16 bits, and the driver sends what is left of a greater number. */
const MAX_PARAMETERS = 65_535

/**
 * Values as parameters of a statement, before any of it is sent. Left to the driver, a value that has no such form is
 * found when the session was told of the statement already, and the driver closes that one under a name by which it
 * goes on to ask for it.
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
      throw refused(`$${index + 1}`, `${name} while it was converted`)
    }
  })
}

/** Without a cause: its message may quote the value. */
function refused(argument: string, problem: string): PostgresError<'postgres.invalid_query'> {
  return new PostgresError(
    'postgres.invalid_query',
    `Parameter ${argument} has no form that the server could read (${problem}); nothing was sent`,
    { details: { argument } },
  )
}

function tooMany(count: number): PostgresError<'postgres.invalid_query'> {
  return new PostgresError(
    'postgres.invalid_query',
    `A statement takes at most ${MAX_PARAMETERS} parameters and was given ${count}; nothing was sent`,
    { remedy: 'send arrays, as in INSERT ... SELECT FROM unnest($1::int[])' },
  )
}
