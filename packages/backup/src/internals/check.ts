import type { InternalsCheck } from '@miyabi/core'
import { BackupError } from '../errors/errors.js'

/** @throws {BackupError} `backup.internals_missing` */
export function assertInternals({ problem }: Pick<InternalsCheck<string>, 'problem'>): void {
  if (problem === undefined) return
  const { message, missing } = problem
  throw new BackupError('backup.internals_missing', `The installed driver lacks members that backups use: ${message}`, {
    details: { missing },
    remedy: 'install the version that the message names',
  })
}
