import { mapDynamoError } from '@miyabi/dynamo/on-demand'
import { isPostgresError, mapPostgresError } from '@miyabi/postgres/on-demand'
import { isMiyabiError } from './known-error.js'

/**
 * Maps anything that was caught to one form.
 *
 * - One of our errors is returned unchanged, also if Prisma or ElectroDB wrapped it.
 * - What Prisma (the calls of `pg`), pg, the AWS SDK (`dynamodb.client`) or ElectroDB threw becomes the `PostgresError`
 *   or `DynamoError` that our own calls would have thrown: code, details, `retryable`, `effect`, and no value,
 *   parameter, password or URL.
 * - **An error that is not a store's failure is returned unchanged**: an application's own error, also one that has
 *   such a failure as its cause; a TypeError; the reason of an aborted signal; an AggregateError, whose `errors` can be
 *   mapped one by one; a string, or undefined.
 *
 * Narrow the result with `isMiyabiError`, and rethrow it if nothing matches:
 *
 * ```ts
 * const error = mapError(caught)
 * if (isMiyabiError(error, 'postgres.unique_violation')) return conflict(error.details.columns)
 * throw error
 * ```
 */
export function mapError(error: unknown): unknown {
  try {
    if (isMiyabiError(error)) return error
    const ofPostgres = mapPostgresError(error)
    return isPostgresError(ofPostgres) ? ofPostgres : mapDynamoError(error)
  } catch {
    return error // a proxy, or a getter, that throws when it is read
  }
}
