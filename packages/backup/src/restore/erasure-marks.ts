import { ERASURES_FILE, type Erasure, readErasures } from '../create/erasures.js'
import { BackupError } from '../errors/errors.js'
import type { BackupTarget } from '../target/target.js'

/**
 * All erasures recorded beside the backups. Every one is applied, whatever its time: the time was read before its
 * commit, so that it may be before the cut without being in the backup.
 * @throws {BackupError} `backup.erasures_missing`, `backup.damaged`
 */
export async function readErasureMarks(target: BackupTarget): Promise<readonly Erasure[]> {
  const erasures = await readErasures(target)
  if (erasures !== undefined) return erasures
  throw new BackupError(
    'backup.erasures_missing',
    `${target.name} has no ${ERASURES_FILE}: the persons erased since are unknown`,
    {
      details: { target: target.name },
      remedy: 'restore that file, or add --without-erasures, and erase them again manually',
    },
  )
}
