import { type Effect, type MissingInternal, MiyabiError } from '@miyabi/core'

/**
 * Every way in which a backup can be refused or fail:
 *
 * - `backup.target_invalid`: `BACKUP_TARGET` is neither a folder nor `s3://bucket/prefix`
 * - `backup.target_missing`: the folder or bucket does not exist, or its server is unreachable
 * - `backup.target_full`: no space is left
 * - `backup.target_failed`: the target refused or failed for another reason
 * - `backup.sdk_missing`: a target in S3 requires `@aws-sdk/client-s3`, which is not installed
 * - `backup.key_invalid`: the key file does not exist, or does not hold 32 bytes
 * - `backup.key_missing`: the backup is encrypted, but no key was given
 * - `backup.key_wrong`: the manifest does not decrypt: the key is different, or it was changed
 * - `backup.plain_refused`: the backup is not encrypted, or would not be, and this was not allowed
 * - `backup.unknown`: there is no backup with this id
 * - `backup.incomplete`: the backup has no manifest: it did not complete
 * - `backup.damaged`: a file was changed, or is missing
 * - `backup.format_unknown`: written in a format that this release does not read
 * - `backup.database_unreachable`: PostgreSQL cannot be reached, or refuses the login
 * - `backup.database_failed`: the connection was lost, or PostgreSQL ended the work: a transient failure
 * - `backup.database_refused`: PostgreSQL refused a statement, and nothing was changed there
 * - `backup.rows_hidden`: policies would silently hide rows of tables from the login
 * - `backup.tables_denied`: the login may not read tables
 * - `backup.tables_locked`: tables could not be locked in time: a migration or another session holds them
 * - `backup.tables_changed`: tables were created or dropped while the backup began
 * - `backup.dynamodb_tables_missing`: DynamoDB does not have all of the tables
 * - `backup.option_invalid`: an invalid option
 * - `backup.not_empty`: a backup is restored into an empty stack, and this one has data
 * - `backup.other_unfinished`: the restore of another backup into these tables did not complete
 * - `backup.stream_used`: the stream of an empty table still has changes from before
 * - `backup.newer`: the backup was made with migrations that this release does not have
 * - `backup.history_differs`: the migrations of this release differ from those of the backup
 * - `backup.history_ahead`: the database has migrations from after the backup
 * - `backup.tables_differ`: the database has other tables than the backup
 * - `backup.schema_changed`: restoring would leave a different schema
 * - `backup.items_differ`: DynamoDB does not hold what was put: another process writes to the tables
 * - `backup.outcome_unknown`: the connection was lost during COMMIT
 * - `backup.erasures_missing`: the list of erasures is not beside the backups
 * - `backup.outbox_undecided`: effects were waiting at the cut, and what happens to them was not decided
 * - `backup.nothing_to_resume`: no restore is waiting
 * - `backup.none_to_try`: there is no backup for a drill
 * - `backup.no_stack`: there is no DynamoDB for a drill
 * - `backup.internals_missing`: the installed driver lacks a member that is used
 */
export interface BackupErrorDetails {
  'backup.target_invalid': { readonly problem: string }
  'backup.target_missing': { readonly target: string }
  'backup.target_full': { readonly target: string; readonly file: string }
  'backup.target_failed': { readonly target: string; readonly operation: string; readonly file: string }
  'backup.sdk_missing': { readonly package: string }
  'backup.key_invalid': { readonly file: string }
  'backup.key_missing': { readonly backup: string }
  'backup.key_wrong': { readonly backup: string }
  'backup.plain_refused': { readonly backup: string | undefined }
  'backup.unknown': { readonly backup: string }
  'backup.incomplete': { readonly backup: string }
  'backup.damaged': { readonly backup: string; readonly file: string; readonly problem: string }
  'backup.format_unknown': { readonly backup: string; readonly format: number }
  'backup.database_unreachable': { readonly host: string; readonly port: number; readonly database: string }
  'backup.database_failed': { readonly sqlstate: string | undefined }
  'backup.database_refused': { readonly sqlstate: string; readonly table: string | undefined }
  'backup.internals_missing': { readonly missing: readonly MissingInternal[] }
  'backup.rows_hidden': { readonly tables: readonly string[] }
  'backup.tables_denied': { readonly tables: readonly string[] }
  'backup.tables_locked': object
  'backup.tables_changed': object
  'backup.dynamodb_tables_missing': { readonly tables: readonly string[] }
  'backup.option_invalid': { readonly option: string }
  'backup.not_empty': { readonly found: readonly string[] }
  'backup.other_unfinished': { readonly table: string; readonly backup: string }
  'backup.stream_used': { readonly table: string }
  'backup.newer': { readonly backup: string; readonly migrations: readonly string[] }
  'backup.history_differs': { readonly backup: string; readonly migrations: readonly string[] }
  'backup.history_ahead': { readonly migrations: readonly string[] }
  'backup.tables_differ': { readonly missing: readonly string[]; readonly unexpected: readonly string[] }
  'backup.schema_changed': { readonly differences: number }
  'backup.items_differ': { readonly table: string }
  'backup.outcome_unknown': object
  'backup.erasures_missing': { readonly target: string }
  'backup.outbox_undecided': { readonly topics: readonly string[] }
  'backup.nothing_to_resume': object
  'backup.none_to_try': { readonly target: string }
  'backup.no_stack': object
}

export type BackupErrorCode = keyof BackupErrorDetails

interface BackupErrorOptions<Code extends BackupErrorCode> {
  readonly details: BackupErrorDetails[Code]
  readonly cause?: unknown
  readonly remedy?: string
  /** Default `none`: no file passes for a backup, and nothing else was changed. */
  readonly effect?: Effect
}

/** Failures that a retry may not meet, without any other action. */
const PASSING: ReadonlySet<BackupErrorCode> = new Set([
  'backup.target_missing',
  'backup.target_failed',
  'backup.database_unreachable',
  'backup.database_failed',
  'backup.tables_locked',
  'backup.tables_changed',
])

/** A backup could not be created, read or removed; `code` says why. */
export class BackupError<Code extends BackupErrorCode = BackupErrorCode> extends MiyabiError<
  Code,
  BackupErrorDetails[Code]
> {
  override readonly name = 'BackupError'

  constructor(code: Code, reason: string, options: BackupErrorOptions<Code>) {
    super(code, reason, { ...options, retryable: PASSING.has(code) })
  }
}

/** @throws {BackupError} `backup.damaged` */
export const damaged = (
  backup: string,
  file: string,
  problem: string,
  cause?: unknown,
): BackupError<'backup.damaged'> =>
  new BackupError('backup.damaged', `${file} of backup ${backup} ${problem}`, {
    details: { backup, file, problem },
    cause,
    remedy: 'use another backup; run `miyabi backup verify` to check which are intact',
  })
