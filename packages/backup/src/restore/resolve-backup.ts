import type { KeyObject } from 'node:crypto'
import { BackupError } from '../errors/errors.js'
import { listBackups } from '../prune/list-backups.js'
import type { BackupTarget } from '../target/target.js'

/**
 * The id that is meant: `latest` is the last backup that is whole, as far as a listing tells.
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
  throw new BackupError('backup.none_to_try', `There is no whole backup in ${target.name}`, {
    details: { target: target.name },
    remedy:
      '`miyabi backup create` makes one, `miyabi backup drill --create` makes one and tries it; `miyabi backup list` says what is there',
  })
}
