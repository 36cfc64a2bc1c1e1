import type { KeyObject } from 'node:crypto'
import { BackupError } from '../errors/errors.js'
import { listBackups } from '../prune/list-backups.js'
import type { BackupTarget } from '../target/target.js'

/**
 * Returns the resolved id: `latest` is the last intact backup, as far as a listing shows.
 * @throws {BackupError} `backup.none_to_try`
 */
export async function resolveBackup(
  target: BackupTarget,
  id: string,
  options: { readonly key?: KeyObject | undefined } = {},
): Promise<string> {
  if (id !== 'latest') return id
  const last = (await listBackups(target, options)).findLast(({ state }) => state === 'whole')
  if (last !== undefined) return last.id
  throw new BackupError('backup.none_to_try', `There is no intact backup in ${target.name}`, {
    details: { target: target.name },
    remedy:
      'run `miyabi backup create` to create one, or `miyabi backup drill --create` to create and test one; `miyabi backup list` lists what exists',
  })
}
