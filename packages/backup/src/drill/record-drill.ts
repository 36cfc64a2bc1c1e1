import type { Target } from '@miyabi/migrate'
import { withClient } from '../restore/postgres/client.js'
import type { Drilled } from './drill.js'

/** Records a drill in the store whose backup it checked: metrics and an alert read it there. */
export async function recordDrill(
  database: Target,
  { backup, cut, equal, differences, lossMs, durationMs }: Drilled,
): Promise<void> {
  await withClient(database, undefined, (client) =>
    client.query(
      `INSERT INTO public.backup_drills (id, at, backup_id, cut, equal, differences, loss_ms, duration_ms)
       VALUES (public.time_ordered_id(), clock_timestamp(), $1, $2, $3, $4, $5, $6)`,
      [backup, cut, equal, differences, lossMs, durationMs],
    ),
  )
}
