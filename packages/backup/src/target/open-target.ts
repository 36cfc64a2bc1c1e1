import { BackupError } from '../errors/errors.js'
import { openFolder } from './folder.js'
import type { BackupTarget } from './target.js'

/** Where backups are stored. */
export interface TargetSettings {
  /** The path of a folder, or `s3://bucket/prefix`. */
  readonly target: string | undefined
  /** For an S3-compatible store. Default: AWS. */
  readonly s3Endpoint?: string | undefined
  /** Of AWS, or of that store. Default `us-east-1`. */
  readonly region?: string | undefined
}

/**
 * Opens the target that BACKUP_TARGET names. Close it when done.
 * @throws {BackupError} `backup.target_invalid`, `backup.target_missing`, `backup.target_failed`, `backup.sdk_missing`
 */
export async function openTarget({ target, s3Endpoint, region = 'us-east-1' }: TargetSettings): Promise<BackupTarget> {
  if (target === undefined || target === '') throw invalid('no backup target is named')
  if (!target.startsWith('s3:')) return openFolder(target)
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(?:\/(.*?))?\/*$/.exec(target) ?? []
  if (bucket === undefined) throw invalid('the backup target is not of the form s3://bucket/prefix')
  const { openS3 } = await import('./s3.js')
  return openS3({ bucket, prefix, endpoint: s3Endpoint, region })
}

const invalid = (problem: string): BackupError<'backup.target_invalid'> =>
  new BackupError('backup.target_invalid', problem, {
    details: { problem },
    remedy: 'set BACKUP_TARGET to the path of a folder, or to s3://bucket/prefix',
  })
