import { isMiyabiError, MiyabiError } from '../errors/error.js'
import { fullJitter, sleep } from '../time/time.js'

/**
 * The progress of a store's backfill after one batch. The store saves it and resumes from there after an interruption.
 */
export interface BackfillBatch {
  /** Rows scanned in this batch. */
  readonly rows: number
  /** Rows scanned since the backfill first began, earlier runs included. */
  readonly seen: number
  /** Rows changed since the backfill first began. */
  readonly changed: number
  /** Whether no rows are left. */
  readonly isDone: boolean
}

/** The progress of a backfill. */
export interface BackfillProgress {
  /** Rows scanned since the backfill first began, earlier runs included. */
  readonly seen: number
  /** Rows changed since the backfill first began. */
  readonly changed: number
  /** The estimated number of rows, if the store has an estimate. */
  readonly total: number | undefined
  readonly isDone: boolean
  /** Rows per second in this run. */
  readonly rowsPerSecond: number
  /** Milliseconds since this run began. */
  readonly elapsedMs: number
  /** Batches of this run that failed and were retried. */
  readonly retries: number
}

/** Limits of a backfill's pace, and its callbacks. */
export interface BackfillOptions {
  /** The maximum number of rows per second. Default 1000. */
  readonly rowsPerSecond?: number | undefined
  /** How long batches may keep failing before the backfill gives up, in milliseconds. Default 60,000. */
  readonly patienceMs?: number | undefined
  /** Stops the backfill between two batches or during a pause. The next run resumes from there. */
  readonly signal?: AbortSignal | undefined
  /** Called at most once a second, and at the end. */
  readonly onProgress?: ((progress: BackfillProgress) => void) | undefined
}

/**
 * Rejects values with which a backfill would pause forever, never pause, or skip rows.
 * @throws {MiyabiError} `core.backfill.option_invalid`, with the option's name.
 */
export function assertAboveZero(options: Readonly<Record<string, number | undefined>>): void {
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined || value > 0) continue
    throw new MiyabiError(
      'core.backfill.option_invalid',
      `${option} of a backfill is ${value}; expected a number above 0`,
      {
        details: { option },
        remedy: 'pass a number above 0',
      },
    )
  }
}

const REPORT_EVERY_MS = 1000
const BACKOFF = { initialMs: 100, maxMs: 2000 }

/**
 * Runs batches until nothing is left. A batch saves its position together with its changes, so this function only
 * controls the pace: after each batch it pauses for as long as the batch's rows take at the given rate, and never
 * catches up on lost time. A batch that fails with a `retryable` error is retried.
 *
 * @param total estimated number of all rows, for the progress.
 * @throws {MiyabiError} `core.backfill.option_invalid` if the rate is not above 0.
 * @throws the error of a batch, immediately if it is not retryable, otherwise when `patienceMs` is over; the signal's
 *   reason.
 */
export async function runBackfill(
  batch: () => Promise<BackfillBatch>,
  options: BackfillOptions & { readonly total?: number | undefined },
): Promise<BackfillProgress> {
  const { rowsPerSecond = 1000, patienceMs = 60_000, signal, onProgress, total } = options
  assertAboveZero({ rowsPerSecond })
  const start = performance.now()
  let [reportedAt, succeededAt] = [Number.NEGATIVE_INFINITY, start]
  let [rows, retries, failures] = [0, 0, 0]
  for (;;) {
    signal?.throwIfAborted()
    const beganAt = performance.now()
    let result: BackfillBatch
    try {
      result = await batch()
    } catch (error) {
      const isPatient = isMiyabiError(error) && error.retryable && performance.now() - succeededAt < patienceMs
      if (!isPatient) throw error
      retries += 1
      await sleep(fullJitter(failures++, BACKOFF), signal)
      continue
    }
    const now = performance.now()
    succeededAt = now
    failures = 0
    rows += result.rows
    const { seen, changed, isDone } = result
    const elapsedMs = now - start
    const progress = { seen, changed, isDone, total, retries, elapsedMs, rowsPerSecond: rows / (elapsedMs / 1000) }
    if (isDone || now - reportedAt >= REPORT_EVERY_MS) {
      reportedAt = now
      onProgress?.(progress)
    }
    if (isDone) return progress
    const restMs = beganAt + (result.rows / rowsPerSecond) * 1000 - now
    if (restMs > 0) await sleep(restMs, signal)
  }
}

/** Created on demand: the first formatter of a process takes some 10 ms. */
const count = (value: number): string => new Intl.NumberFormat('en', { maximumFractionDigits: 0 }).format(value)

/** Describes the progress for people: `1,200,000 of about 3,000,000 (40 %), 980 a second, 31 min left`. */
export function describeBackfill(progress: BackfillProgress): string {
  const { seen, changed, total, isDone, rowsPerSecond, retries } = progress
  const again = retries > 0 ? `, ${count(retries)} batches retried` : ''
  if (isDone) return `done: ${count(seen)} scanned, ${count(changed)} changed${again}`
  const rate = `${count(rowsPerSecond)} a second`
  if (total === undefined || total < seen) return `${count(seen)}, ${rate}${again}`
  const share = `${count(seen)} of about ${count(total)} (${Math.floor((seen / total) * 100)} %)`
  return `${share}, ${rate}, ${inWords((total - seen) / rowsPerSecond)} left${again}`
}

function inWords(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown time'
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 90 * 60 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`
}
