import { isMiyabiError, MiyabiError } from '../errors/error.js'
import { fullJitter, sleep } from '../time/time.js'

/** What a store's backfill has come to with one batch. The store remembers it, and goes on from there after a break. */
export interface BackfillBatch {
  /** Rows looked at in this batch. */
  readonly rows: number
  /** Rows looked at since the backfill first began, earlier runs included. */
  readonly seen: number
  /** Rows changed since the backfill first began. */
  readonly changed: number
  /** Whether nothing is left. */
  readonly isDone: boolean
}

/** How far a backfill is. */
export interface BackfillProgress {
  /** Rows looked at since the backfill first began, earlier runs included. */
  readonly seen: number
  /** Rows changed since the backfill first began. */
  readonly changed: number
  /** Rows there are, by the store's own estimate, where it has one. */
  readonly total: number | undefined
  readonly isDone: boolean
  /** Rows a second, of this run. */
  readonly rowsPerSecond: number
  /** Of this run. */
  readonly elapsedMs: number
  /** Batches of this run that failed and were made again. */
  readonly retries: number
}

/** How fast a backfill may go, and who is told. */
export interface BackfillOptions {
  /** The most rows a second. Default 1000. */
  readonly rowsPerSecond?: number | undefined
  /** How long batches may fail one after another before it gives up, in milliseconds. Default 60,000. */
  readonly patienceMs?: number | undefined
  /** Ends it between two batches, or in a pause. It goes on from there when it is run again. */
  readonly signal?: AbortSignal | undefined
  /** Called once a second at most, and at the end. */
  readonly onProgress?: ((progress: BackfillProgress) => void) | undefined
}

/**
 * Refuses figures with which a backfill would rest for ever, not at all, or pass rows by.
 * @throws {MiyabiError} `core.backfill.option_invalid`, with the option's name.
 */
export function assertAboveZero(options: Readonly<Record<string, number | undefined>>): void {
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined || value > 0) continue
    throw new MiyabiError('core.backfill.option_invalid', `${option} of a backfill is ${value}`, {
      details: { option },
      remedy: 'give it a number above 0',
    })
  }
}

const REPORT_EVERY_MS = 1000
const BACKOFF = { initialMs: 100, maxMs: 2000 }

/**
 * Runs batches until nothing is left. A batch remembers its place together with what it did, so this only keeps the
 * pace: after each batch it rests for as long as the batch's rows take at the rate given, and never makes up for lost
 * time. A batch that fails with a `retryable` error is made again.
 *
 * @param total an estimate of all rows, for the progress.
 * @throws {MiyabiError} `core.backfill.option_invalid` for a rate that is none.
 * @throws what a batch throws, at once or when its patience is over; the signal's reason.
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

/** Made when it is needed: the first formatter of a process takes some 10 ms. */
const count = (value: number): string => new Intl.NumberFormat('en', { maximumFractionDigits: 0 }).format(value)

/** Progress in words, for a person: `1,200,000 of about 3,000,000 (40 %), 980 a second, 31 min left`. */
export function describeBackfill(progress: BackfillProgress): string {
  const { seen, changed, total, isDone, rowsPerSecond, retries } = progress
  const again = retries > 0 ? `, ${count(retries)} batches made again` : ''
  if (isDone) return `done: ${count(seen)} looked at, ${count(changed)} changed${again}`
  const rate = `${count(rowsPerSecond)} a second`
  if (total === undefined || total < seen) return `${count(seen)}, ${rate}${again}`
  const share = `${count(seen)} of about ${count(total)} (${Math.floor((seen / total) * 100)} %)`
  return `${share}, ${rate}, ${inWords((total - seen) / rowsPerSecond)} left${again}`
}

function inWords(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'nobody knows how long'
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 90 * 60 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`
}
