import { MiyabiError, type MiyabiErrorOptions } from '@miyabi/core'

/**
 * Every way in which the care of tables by month can stop:
 *
 * - `migrate.partitions.not_there`: the database has no tables by month yet
 * - `migrate.partitions.table_unknown`: there is no table by month of this name
 * - `migrate.partitions.keep_invalid`: not a time for which rows are kept
 * - `migrate.partitions.busy`: another run is at work on this database
 * - `migrate.partitions.blocked`: a lock was not to be had in time; the steps before are done
 */
export type PartitionErrorCode =
  | 'migrate.partitions.not_there'
  | 'migrate.partitions.table_unknown'
  | 'migrate.partitions.keep_invalid'
  | 'migrate.partitions.busy'
  | 'migrate.partitions.blocked'

/** The months of a table could not be cared for; `code` says why. What was being done was taken back. */
export class PartitionError extends MiyabiError<
  PartitionErrorCode,
  { readonly table?: string; readonly found?: string }
> {
  override readonly name = 'PartitionError'

  constructor(
    code: PartitionErrorCode,
    reason: string,
    options: MiyabiErrorOptions<{ readonly table?: string; readonly found?: string }> & { readonly remedy: string },
  ) {
    super(code, reason, { ...options, retryable: /busy|blocked/.test(code) })
  }
}
