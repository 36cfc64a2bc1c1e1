import { sleep } from '@miyabi/core'
import type pg from 'pg'
import { isPostgresError } from '../errors/errors.js'
import { toPostgresError } from '../errors/map-error.js'
import { HISTORY_COLUMN } from './server-history.js'

/** Writes the mark of a transaction, as the last statement before its COMMIT. */
export const MARK = 'SELECT commit_mark($1::uuid)'

/** In a separate transaction. */
const OUTCOME = `SELECT commit_outcome($1::uuid) AS outcome, ${HISTORY_COLUMN} AS history`

/** How long commit marks are kept: an hour; later queries learn nothing. In milliseconds. */
const MAX_AGE_MS = 30 * 60_000
const FIRST_PAUSE_MS = 50
const MAX_PAUSE_MS = 1_000

/** How a transaction ended whose COMMIT got no answer. */
export type CommitOutcome = 'committed' | 'rolled back' | 'unknown'

/** The mark that was sent with a transaction's COMMIT. */
export interface SentMark {
  readonly id: string
  /** The server's history, as known before. */
  readonly history: string | undefined
  /** By both clocks, one of which continues while the machine sleeps. */
  readonly sentAt: { readonly wall: number; readonly monotonic: number }
}

/** A mark that is about to be sent. */
export const markedNow = (id: string, history: string | undefined): SentMark => ({
  id,
  history,
  sentAt: { wall: Date.now(), monotonic: performance.now() },
})

const ageOf = ({ sentAt }: SentMark): number => Math.max(Date.now() - sentAt.wall, performance.now() - sentAt.monotonic)

/** Failures after which the same query may succeed. */
const PASSING = [
  'postgres.unreachable',
  'postgres.connect_timeout',
  'postgres.unavailable',
  'postgres.too_many_connections',
  'postgres.connection_lost',
  'postgres.pool.acquire_timeout',
  'postgres.standby',
  'postgres.read_only',
] as const

/**
 * Finds out how a transaction ended, by its mark: a row with the same id, which the server lets only one of the two
 * transactions write. If the transaction is still running, it waits for it. Queries until there is an answer, or
 * `signal` aborts.
 *
 * A missing mark is conclusive only on the server that the COMMIT was sent to, and in its history: on another, the
 * commit may have existed before it was lost.
 */
export async function outcomeOf(
  mark: SentMark,
  ask: (text: string, values: readonly unknown[]) => Promise<pg.QueryResult<Record<string, unknown>>>,
  signal: AbortSignal,
): Promise<CommitOutcome> {
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    try {
      const { rows } = await ask(OUTCOME, [mark.id])
      const { outcome, history } = rows[0] ?? {}
      if (outcome === 'committed') return 'committed'
      const isSameServer = history !== null && history === mark.history
      return outcome === 'rolled_back' && isSameServer && ageOf(mark) < MAX_AGE_MS ? 'rolled back' : 'unknown'
    } catch (error) {
      if (!isPostgresError(toPostgresError(error), ...PASSING)) return 'unknown'
      await sleep(pauseMs, signal).catch(() => {})
    }
  }
  return 'unknown'
}
