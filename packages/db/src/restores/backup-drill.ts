import type { Queries } from '@miyabi/postgres'

/** The results of backup drills: the last drill, and the last one that succeeded. */
export interface BackupDrill {
  readonly at: Date
  readonly backup: string
  /** Whether everything was restored as it was backed up. */
  readonly equal: boolean
  /** The age of the cut: what would have been lost, in milliseconds. */
  readonly lossMs: number
  /** How long the restore took, in milliseconds. */
  readonly durationMs: number
  /** When the last drill ended that found everything equal; undefined if none did. */
  readonly lastGoodAt: Date | undefined
}

/** The last drill of this store's backups (`miyabi backup drill`); undefined if there was none. */
export async function lastBackupDrill(service: Pick<Queries, 'query'>): Promise<BackupDrill | undefined> {
  const { rows } = await service.query<Omit<BackupDrill, 'lastGoodAt'> & { readonly lastGoodAt: Date | null }>(
    `SELECT at, backup_id AS backup, equal, loss_ms::float8 AS "lossMs", duration_ms::float8 AS "durationMs",
            (SELECT max(at) FROM backup_drills WHERE equal) AS "lastGoodAt"
       FROM backup_drills ORDER BY at DESC LIMIT 1`,
  )
  const [last] = rows
  return last && { ...last, lastGoodAt: last.lastGoodAt ?? undefined }
}
