import { HISTORY_COLUMN, lsnOf, type Position } from '@miyabi/postgres'

/** The columns of a position, beside another question: of the primary, later than all that can be seen there. */
export const POSITION_COLUMNS = `pg_current_wal_insert_lsn()::text AS lsn, ${HISTORY_COLUMN} AS history`

/** As a row has it. */
export interface PositionRow {
  readonly lsn: string
  readonly history: string
}

export const positionOf = ({ lsn, history }: PositionRow): Position => ({ history, lsn: lsnOf(lsn) })
