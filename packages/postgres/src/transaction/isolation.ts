import { PostgresError } from '../errors/errors.js'
import { Prisma } from '../schema/prisma.js'

/**
 * Rejects an invalid level before anything is sent: Prisma would detect it only when the transaction starts.
 * @throws {PostgresError} `postgres.invalid_query`
 */
export function assertIsolation(argument: string, level: unknown): void {
  const levels: readonly string[] = Object.values(Prisma.TransactionIsolationLevel)
  if (level === undefined || levels.some((known) => known === level)) return
  const given = typeof level === 'string' && /^[\w ]{1,30}$/.test(level) ? `'${level}'` : `of type ${typeof level}`
  throw new PostgresError(
    'postgres.invalid_query',
    `${argument} is ${given}; expected one of ${levels.join(', ')}; nothing was sent`,
    { details: { argument } },
  )
}
