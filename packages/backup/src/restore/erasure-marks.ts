import { ERASURES_FILE, type Erasure, readErasures } from '../create/erasures.js'
import { BackupError } from '../errors/errors.js'
import type { BackupTarget } from '../target/target.js'

/**
 * All erasures that lie beside the backups. Every one is applied, whenever it was: its time was read before its commit,
 * so that it may lie before the cut and not be in the backup.
 * @throws {BackupError} `backup.erasures_missing`, `backup.damaged`
 */
export async function readErasureMarks(target: BackupTarget): Promise<readonly Erasure[]> {
  const erasures = await readErasures(target)
  if (erasures !== undefined) return erasures
  throw new BackupError(
    'backup.erasures_missing',
    `${target.name} has no ${ERASURES_FILE}: who was erased since is not known`,
    {
      details: { target: target.name },
      remedy: 'put the file back, or add --without-erasures, and erase them again by hand',
    },
  )
}
