import type { Position } from '@miyabi/postgres'
import { HISTORY_COLUMN, lsnOf } from '@miyabi/postgres/on-demand'

/** The columns of a position, to add to another query: on the primary, later than all rows visible to the query. */
export const POSITION_COLUMNS = `pg_current_wal_insert_lsn()::text AS lsn, ${HISTORY_COLUMN} AS history`

/** A position as a row. */
export interface PositionRow {
  readonly lsn: string
  readonly history: string
}

export const positionOf = ({ lsn, history }: PositionRow): Position => ({ history, lsn: lsnOf(lsn) })
