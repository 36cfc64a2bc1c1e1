import { MiyabiError, redactText } from '@miyabi/core'
import { Failure, type LocalErrorCode, type LocalErrorDetails, nameFileError } from '../shared/failure.js'
import type { PlainFailure } from '../shared/protocol.js'

/**
 * The embedded stack cannot execute the request. By code:
 *
 * - `local.folder.unknown`: there is no workspace around the current folder, and no folder was named
 * - `local.folder.denied`: no permission for the stack's folder, its data, or any cache folder; or its contents may
 *   come from another user
 * - `local.disk.full`: no space for the data
 * - `local.port.taken`: every port that was tried was taken at the moment of the start
 * - `local.start.timeout`: a server or the supervisor was not ready in time
 * - `local.supervisor.unresponsive`: the supervisor is running but does not answer; `details.pid` is its process
 * - `local.supervisor.failed`: the supervisor ended, or an unexpected error occurred
 * - `local.user.unknown`: the system does not know the user that PostgreSQL should run as: an unprivileged one if we
 *   are root
 * - `local.postgres.unavailable`: no PostgreSQL is installed for this platform
 * - `local.postgres.data_version`: the data belongs to another PostgreSQL major version
 * - `local.postgres.data_incomplete`: parts of the data are missing
 * - `local.postgres.credentials_missing`: the data exists, but its passwords are missing
 * - `local.postgres.start_failed`, `local.dynamodb.start_failed`: the server ended while starting; `details.log` has
 *   its last output
 * - `local.replica.start_failed`: the standby could not be created from the primary, or ended while starting
 */
export class LocalError extends MiyabiError<LocalErrorCode, LocalErrorDetails> {
  override readonly name = 'LocalError'
}

const RETRYABLE: ReadonlySet<LocalErrorCode> = new Set(['local.port.taken', 'local.start.timeout'])

/** Converts a failure of the supervisor (or the file system, in `folder`) to the error that callers get. */
export function toLocalError(failure: Failure | PlainFailure): LocalError {
  const { details, remedy } = failure
  const { log, ...facts } = details
  return new LocalError(failure.code, redactText(failure.message), {
    remedy: remedy === undefined ? undefined : redactText(remedy),
    details: log === undefined ? facts : { ...facts, log: redactText(log) },
    retryable: RETRYABLE.has(failure.code),
  })
}

/** Runs `work`; file system errors in `folder` and failures are thrown as a `LocalError`. */
export function namingErrors<T>(folder: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const named = nameFileError(error, folder)
    throw named instanceof Failure ? toLocalError(named) : named
  }
}
