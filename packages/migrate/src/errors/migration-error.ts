import { type Effect, MiyabiError } from '@miyabi/core'
import type { Loss } from '../loss/loss.js'

/**
 * Every fault of a migration, its down file or the history:
 *
 * - `migrate.name_invalid`: not a name for a migration
 * - `migrate.unknown`: there is no migration of this name, or it is not applied
 * - `migrate.directive_invalid`: a header comment that is not understood
 * - `migrate.not_plain_sql`: a script in another encoding than UTF-8, or for psql
 * - `migrate.not_whole`: a script that would not be applied atomically
 * - `migrate.diff_failed`: Prisma could not compare the schema with the migrations
 * - `migrate.scratch_denied`: the login may not create the databases that a check works in
 * - `migrate.nothing_applied`: there is nothing to roll back
 * - `migrate.failed`: a migration failed partway, and has not been resolved
 * - `migrate.edited`: a migration was changed after it was applied
 * - `migrate.ahead`: the database has migrations that this code does not contain
 * - `migrate.diverged`: the same, and this code has migrations that the database does not
 * - `migrate.busy`: another deploy or rollback is running
 * - `migrate.overtaken`: another deploy or rollback ended just before, so another migration is now the last one
 * - `migrate.down_missing`: a migration has no down file
 * - `migrate.down_exists`: a migration already has a down file
 * - `migrate.down_not_transactional`: a down file cannot run in one transaction
 * - `migrate.up_failed`: the server refused a migration on a scratch database
 * - `migrate.down_failed`: the server refused a down file
 * - `migrate.down_does_not_restore`: a down file does not restore what was there before
 * - `migrate.data_loss`: rolling back would destroy rows or values, and this was not accepted
 * - `migrate.drift_acceptance_invalid`: a line of drift-accepted.txt has no kind, no name or no reason
 * - `migrate.connection_lost`: the connection was lost before COMMIT: the migration is still applied
 * - `migrate.outcome_unknown`: the connection was lost during COMMIT
 */
export interface MigrationErrorDetails {
  'migrate.name_invalid': { readonly found: string }
  'migrate.unknown': { readonly migration: string }
  'migrate.directive_invalid': { readonly found: string }
  'migrate.not_plain_sql': { readonly file: string; readonly line: number }
  'migrate.not_whole': { readonly file: string; readonly line: number }
  'migrate.diff_failed': { readonly output: string }
  'migrate.scratch_denied': object
  'migrate.nothing_applied': object
  'migrate.failed': { readonly migrations: readonly string[] }
  'migrate.edited': { readonly migrations: readonly string[] }
  'migrate.ahead': { readonly migrations: readonly string[] }
  'migrate.diverged': { readonly onlyInDatabase: readonly string[]; readonly onlyInCode: readonly string[] }
  'migrate.busy': { readonly waitedMs: number; readonly holder?: { readonly pid: number; readonly login: string } }
  'migrate.overtaken': { readonly was: string | undefined; readonly is: string | undefined }
  'migrate.down_missing': { readonly migrations: readonly string[] }
  'migrate.down_exists': { readonly migration: string }
  'migrate.down_not_transactional': { readonly migration: string; readonly statement: string }
  'migrate.up_failed': { readonly migration: string; readonly sqlstate: string | undefined }
  'migrate.down_failed': { readonly migration: string; readonly sqlstate: string | undefined }
  'migrate.down_does_not_restore': { readonly migration: string; readonly differences: string }
  'migrate.data_loss': { readonly migration: string; readonly losses: readonly Loss[] }
  'migrate.drift_acceptance_invalid': { readonly line: number; readonly found: string }
  'migrate.connection_lost': { readonly migration: string }
  'migrate.outcome_unknown': { readonly migration: string }
}

export type MigrationErrorCode = keyof MigrationErrorDetails

/**
 * A migration, its down file or the history does not meet a command's requirements; `code` says which. Nothing was
 * changed.
 */
export class MigrationError<Code extends MigrationErrorCode = MigrationErrorCode> extends MiyabiError<
  Code,
  MigrationErrorDetails[Code]
> {
  override readonly name = 'MigrationError'

  constructor(
    code: Code,
    reason: string,
    options: {
      readonly details: MigrationErrorDetails[Code]
      readonly cause?: unknown
      readonly effect?: Effect
      /** What to do about it. */
      readonly remedy?: string
    },
  ) {
    super(code, reason, { ...options, retryable: code === 'migrate.busy' })
  }
}
