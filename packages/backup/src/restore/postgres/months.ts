import type pg from 'pg'
import type { OpenedBackup } from '../../format/open-backup.js'

/** Makes the partitions that the rows of a backup need. */
export async function makeMonths(_client: pg.ClientBase, _backup: OpenedBackup): Promise<void> {}
