import { BackupError } from '../errors/errors.js'
import { isBackupId, PLAIN_MANIFEST, SEALED_MANIFEST } from '../format/manifest.js'
import type { BackupTarget } from '../target/target.js'

/**
 * The id that is meant: `latest` is the last backup that came to its end.
 * @throws {BackupError} `backup.none_to_try`
 */
export async function resolveBackup(target: BackupTarget, id: string): Promise<string> {
  if (id !== 'latest') return id
  const ids: string[] = []
  for await (const { key } of target.list('')) {
    const [backup = '', file = ''] = key.split('/')
    if (isBackupId(backup) && (file === PLAIN_MANIFEST || file === SEALED_MANIFEST)) ids.push(backup)
  }
  const last = ids.sort().at(-1)
  if (last !== undefined) return last
  throw new BackupError('backup.none_to_try', `There is no backup in ${target.name}`, {
    details: { target: target.name },
    remedy: 'make one: `miyabi backup create`',
  })
}
