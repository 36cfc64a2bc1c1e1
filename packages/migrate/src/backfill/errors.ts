import { MiyabiError, type MiyabiErrorOptions } from '@miyabi/core'

/**
 * Every way in which a backfill can stop:
 *
 * - `migrate.backfill.table_unusable`: the table does not exist, or has no primary key to follow
 * - `migrate.backfill.not_owner`: the login may not act as the table's owner
 * - `migrate.backfill.rows_hidden`: policies would hide rows from the owner, and they would be skipped silently
 * - `migrate.backfill.name_taken`: another change was started, or completed, under this name
 * - `migrate.backfill.blocked`: a row or the server was not available in time; retried within the allowed time
 * - `migrate.backfill.refused`: the server refuses the change
 */
export type BackfillErrorCode =
  | 'migrate.backfill.table_unusable'
  | 'migrate.backfill.not_owner'
  | 'migrate.backfill.rows_hidden'
  | 'migrate.backfill.name_taken'
  | 'migrate.backfill.blocked'
  | 'migrate.backfill.refused'

/**
 * A backfill stopped; `code` says why. The batches before are kept, the failed one was rolled back, and a new run
 * resumes.
 */
export class BackfillError extends MiyabiError<
  BackfillErrorCode,
  { readonly backfill: string; readonly sqlstate?: string }
> {
  override readonly name = 'BackfillError'

  /** @param problem what is wrong and what to do, after the backfill's name. */
  constructor(
    code: BackfillErrorCode,
    problem: string,
    options: MiyabiErrorOptions<{ readonly backfill: string; readonly sqlstate?: string }> & {
      readonly details: { readonly backfill: string; readonly sqlstate?: string }
    },
  ) {
    super(code, `backfill ${options.details.backfill}: ${problem}`, options)
  }
}
