import { PostgresError } from '../errors/errors.js'
import { Prisma } from '../schema/prisma.js'

/**
 * A call whose argument would be changed on its way, so that nothing of it was sent. A validation error of Prisma's, so
 * that whoever knows those knows this one; `mapPostgresError` gives the `postgres.invalid_query` in it.
 */
export class InvalidArgumentError extends Prisma.PrismaClientValidationError {
  /** As of our own errors. */
  readonly code = 'postgres.invalid_query'
  readonly meta: { readonly postgresError: PostgresError<'postgres.invalid_query'> }

  /** `argument` is its path in the call: `data.price`. Nothing says what its value was. */
  constructor(call: string, argument: string, problem: string) {
    const message = `Invalid \`prisma.${call}()\` invocation: argument \`${argument}\` ${problem}; nothing was sent`
    super(message, { clientVersion: Prisma.prismaVersion.client })
    this.meta = { postgresError: new PostgresError('postgres.invalid_query', message, { details: { argument } }) }
  }
}
