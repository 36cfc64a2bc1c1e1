import { MiyabiError, type MiyabiErrorOptions } from '@miyabi/core'

/**
 * Every way in which the maintenance of monthly partitions can stop:
 *
 * - `migrate.partitions.not_there`: the database has no tables with monthly partitions yet
 * - `migrate.partitions.table_unknown`: there is no table with monthly partitions of this name
 * - `migrate.partitions.keep_invalid`: not a valid retention time
 * - `migrate.partitions.busy`: another run is working on this database
 * - `migrate.partitions.blocked`: a lock was not available in time; the steps before are done
 */
export type PartitionErrorCode =
  | 'migrate.partitions.not_there'
  | 'migrate.partitions.table_unknown'
  | 'migrate.partitions.keep_invalid'
  | 'migrate.partitions.busy'
  | 'migrate.partitions.blocked'

/** The partitions of a table could not be maintained; `code` says why. The step in progress was rolled back. */
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
