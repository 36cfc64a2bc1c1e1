import { PostgresError } from '../errors/errors.js'
import { Prisma } from '../schema/prisma.js'

/**
 * A call whose argument would be changed in transit, so nothing was sent. A Prisma validation error, so that code that
 * handles those handles this one; `mapPostgresError` returns the `postgres.invalid_query` in it.
 */
export class InvalidArgumentError extends Prisma.PrismaClientValidationError {
  /** As of our own errors. */
  readonly code = 'postgres.invalid_query'
  readonly meta: { readonly postgresError: PostgresError<'postgres.invalid_query'> }

  /** `argument` is its path in the call: `data.price`. Its value is never included. */
  constructor(call: string, argument: string, problem: string) {
    const message = `Invalid \`prisma.${call}()\` invocation: argument \`${argument}\` ${problem}; nothing was sent`
    super(message, { clientVersion: Prisma.prismaVersion.client })
    this.meta = { postgresError: new PostgresError('postgres.invalid_query', message, { details: { argument } }) }
  }
}
