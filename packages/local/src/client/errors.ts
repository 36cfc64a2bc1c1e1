import { MiyabiError, redactText } from '@miyabi/core'
import { Failure, type LocalErrorCode, type LocalErrorDetails, nameFileError } from '../shared/failure.js'
import type { PlainFailure } from '../shared/protocol.js'

/**
 * The embedded stack cannot do what was asked. By code:
 *
 * - `local.folder.unknown`: no workspace around the current folder, and none named
 * - `local.folder.denied`: no rights to the stack's folder, to its data, or to any cache folder; or a stranger may have
 *   made what is there
 * - `local.disk.full`: no space for the data
 * - `local.port.taken`: every port that was tried was taken in the moment of the start
 * - `local.start.timeout`: a server or the supervisor was not ready in time
 * - `local.supervisor.unresponsive`: the supervisor runs and does not answer; `details.pid` is its process
 * - `local.supervisor.failed`: the supervisor ended, or met something unforeseen
 * - `local.user.unknown`: the system does not know the user that PostgreSQL is to run as: an unprivileged one when we
 *   are root
 * - `local.postgres.unavailable`: no PostgreSQL is installed for this platform
 * - `local.postgres.data_version`: the data are of another PostgreSQL major
 * - `local.postgres.data_incomplete`: parts of the data are gone
 * - `local.postgres.credentials_missing`: the data are there, their passwords are not
 * - `local.postgres.start_failed`, `local.dynamodb.start_failed`: the server ended while it started; `details.log` has
 *   its last words
 * - `local.replica.start_failed`: the standby could not be made of the primary, or ended while it started
 */
export class LocalError extends MiyabiError<LocalErrorCode, LocalErrorDetails> {
  override readonly name = 'LocalError'
}

const RETRYABLE: ReadonlySet<LocalErrorCode> = new Set(['local.port.taken', 'local.start.timeout'])

/** A failure from the supervisor (or of the file system, in `folder`) as the error that callers meet. */
export function toLocalError(failure: Failure | PlainFailure): LocalError {
  const { details, remedy } = failure
  const { log, ...facts } = details
  return new LocalError(failure.code, redactText(failure.message), {
    remedy: remedy === undefined ? undefined : redactText(remedy),
    details: log === undefined ? facts : { ...facts, log: redactText(log) },
    retryable: RETRYABLE.has(failure.code),
  })
}

/** Runs `work`; what the file system refuses in `folder`, and failures, come out as a `LocalError`. */
export function namingErrors<T>(folder: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const named = nameFileError(error, folder)
    throw named instanceof Failure ? toLocalError(named) : named
  }
}
