import { safeCause } from '@miyabi/core'
import { BackupError } from '../errors/errors.js'

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const MISSING = new Set([
  'NoSuchBucket',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'TimeoutError',
])

/** The attempted operation of a target. */
export interface TargetOperation {
  readonly target: string
  readonly operation: 'write' | 'read' | 'list' | 'remove'
  /** The file, or the folder that was listed. */
  readonly file: string
}

/** Maps an error of the file system or the store to ours. */
export function toTargetError(error: unknown, at: TargetOperation): BackupError {
  const { target, operation, file } = at
  const code = String((error as { code?: unknown }).code ?? (error as { name?: unknown }).name ?? '')
  const cause = safeCause(error)
  if (FULL.has(code)) {
    return new BackupError('backup.target_full', `No space is left in ${target}: ${file || 'a file'} was not written`, {
      details: { target, file },
      cause,
      remedy: 'free space there, or remove old backups with `miyabi backup prune`',
    })
  }
  if (MISSING.has(code)) {
    return new BackupError(
      'backup.target_missing',
      `The backup target ${target} does not exist, or is unreachable (${code})`,
      {
        details: { target },
        cause,
        remedy: 'check BACKUP_TARGET, and that it is mounted or reachable',
      },
    )
  }
  return new BackupError(
    'backup.target_failed',
    `The backup target ${target} could not ${operation} ${file || 'its files'} (${code || 'unknown error'})`,
    { details: { target, operation, file }, cause, remedy: 'check the permissions of this login there' },
  )
}

/** @throws {BackupError} `backup.target_missing` */
export const missingTarget = (target: string): BackupError<'backup.target_missing'> =>
  new BackupError('backup.target_missing', `The backup target ${target} does not exist, or is unreachable`, {
    details: { target },
    remedy: 'check BACKUP_TARGET, and that it is mounted or reachable',
  })
