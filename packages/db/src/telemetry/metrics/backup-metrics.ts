import type { Database } from '../../context/context.js'
import { lastBackupDrill } from '../../restores/backup-drill.js'
import { shared } from '../shared.js'
import type { MetricSet } from './metric-set.js'
import { ownMetrics } from './own-metrics.js'

/** Drills happen every few days. In milliseconds. */
const KEEP_MS = 60_000
/** A scrape does not wait longer for it. In milliseconds. */
const LIMIT_MS = 1_000

/**
 * The metrics of the last drill of a backup, if the process has a login for the service.
 * @returns a function that reads them again.
 */
export function backupMetrics(db: Database, set: MetricSet): () => Promise<void> {
  const age = set.sum(ownMetrics.backupDrillAge)
  const equal = set.sum(ownMetrics.backupDrillEqual)
  const loss = set.sum(ownMetrics.backupDrillLoss)
  const duration = set.sum(ownMetrics.backupDrillDuration)
  const families = [age, equal, loss, duration]
  const read = shared(KEEP_MS, async () => {
    const late = AbortSignal.timeout(LIMIT_MS)
    const timedOut = new Promise<undefined>((resolve) => late.addEventListener('abort', () => resolve(undefined)))
    // Other metrics report why the database does not respond.
    return Promise.race([lastBackupDrill(db.asService()).catch(() => undefined), timedOut])
  })
  return async () => {
    const drill = db.servers.service && !db.isClosed ? await read() : undefined
    for (const family of families) family.clear()
    if (!drill) return
    if (drill.lastGoodAt) age.at().value = Math.max(0, (Date.now() - drill.lastGoodAt.getTime()) / 1000)
    equal.at().value = drill.equal ? 1 : 0
    loss.at().value = drill.lossMs / 1000
    duration.at().value = drill.durationMs / 1000
  }
}
