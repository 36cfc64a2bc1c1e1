import { toPostgresError } from '../errors/map-error.js'
import { SharedQuestion } from './shared-question.js'

/** A position in the write-ahead log of one server. */
export interface Position {
  /**
   * Identifies the log: the system identifier of the cluster and its timeline, such as `7381029384756/00000001`.
   * Positions of different histories are not comparable.
   */
  readonly history: string
  /** In bytes from the beginning of the log. */
  readonly lsn: bigint
}

/**
 * The current position of the log and its history. It is the insert position, not the flush position: a commit that
 * does not wait for the disk is beyond the latter. After the header of an empty page, the position is the start of the
 * page: a standby that has replayed everything reports that.
 */
const POSITION = `
  WITH written AS (SELECT pg_current_wal_insert_lsn() AS lsn)
  SELECT (lsn - CASE
           WHEN mod(lsn - '0/0', pg_size_bytes(current_setting('wal_segment_size'))) = 40 THEN 40
           WHEN mod(lsn - '0/0', current_setting('wal_block_size')::numeric) = 24 THEN 24 ELSE 0 END)::text AS lsn,
         (SELECT system_identifier::text FROM pg_control_system()) || '/' || left(pg_walfile_name(lsn), 8) AS history
  FROM written`

/** Returns the number of a position in the server's format: `16/B374D848`. */
export function lsnOf(text: string): bigint {
  const [high = '', low = ''] = text.split('/')
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

/** Returns the position in the server's format. */
export function lsnText(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffffffffn).toString(16)}`.toUpperCase()
}

type Asking = (text: string) => Promise<{ readonly rows: readonly object[] }>

/** Reads one server's position, with one query for all callers at the same time. */
export class Positions {
  readonly #ask: Asking
  readonly #question = new SharedQuestion(() => this.#answer())

  constructor(ask: Asking) {
    this.#ask = ask
  }

  ask(): Promise<Position> {
    return this.#question.ask()
  }

  async #answer(): Promise<Position> {
    try {
      const { rows } = await this.#ask(POSITION)
      const { lsn, history } = rows[0] as { readonly lsn: string; readonly history: string }
      return { history, lsn: lsnOf(lsn) }
    } catch (error) {
      throw toPostgresError(error)
    }
  }
}
