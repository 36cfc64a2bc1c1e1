import { constants } from 'node:os'
import { DEFAULT_GRACE_MS, type Logger, redactingLogger, safeCause, silentLogger, withDeadline } from '@miyabi/core'
import type { DatabaseClosed } from './context.js'

export interface CloseOnSignalOptions {
  /** Default SIGTERM (an orchestrator's stop) and SIGINT (Ctrl-C). */
  readonly signals?: readonly NodeJS.Signals[]
  /** How long all of it may take before what is in flight is cut, in milliseconds. Default 10,000. */
  readonly graceMs?: number
  /**
   * Ends what uses the context, before that closes: a server that takes requests, a worker. Counts towards the grace
   * period.
   * @param closing aborts when three quarters of it are over: what would go on by itself, such as an open stream, is to
   *   be cut then, so that the context still closes well.
   */
  readonly first?: (closing: AbortSignal) => Promise<unknown>
  /** Default: says nothing. */
  readonly logger?: Logger
}

/** How much of the grace period passes before `first` is told that the rest of it is the context's. */
const FIRST_SHARE = 3 / 4

/** What a signal closes: a `DatabaseContext`. */
interface Closable {
  close(graceMs?: number): Promise<DatabaseClosed>
}

/**
 * Ends the process well when it is told to end: with the first signal `first` runs, then the context is closed, and the
 * process exits with 0, or with 1 where work in flight had to be cut. A second signal exits at once, with 128 + the
 * signal's number. Nothing else of the data layer listens to signals, and the process must not exit of itself on them
 * meanwhile.
 *
 * @returns stops listening.
 */
export function closeOnSignal(context: Closable, options: CloseOnSignalOptions = {}): () => void {
  const { signals = ['SIGTERM', 'SIGINT'], graceMs = DEFAULT_GRACE_MS, first = async () => {} } = options
  const logger = redactingLogger(options.logger ?? silentLogger)
  let isEnding = false

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    logger.info({ event: 'db.signal', signal, graceMs }, `${signal}: closing within ${graceMs} ms`)
    const startedAt = performance.now()
    const closing = new AbortController()
    const timer = setTimeout(
      () => closing.abort(new Error(`${signal}: the context is about to close`)),
      graceMs * FIRST_SHARE,
    )
    const isDone = await settles(() => first(closing.signal), graceMs, logger)
    clearTimeout(timer)
    const { drained } = await context.close(Math.max(0, graceMs - (performance.now() - startedAt)))
    process.exit(isDone && drained ? 0 : 1)
  }
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isEnding) {
      logger.warn({ event: 'db.signal_forced', signal }, `${signal} again: exiting at once`)
      process.exit(128 + constants.signals[signal])
    }
    isEnding = true
    void end(signal)
  }
  for (const signal of signals) process.on(signal, onSignal)
  return () => {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

/** Whether `work` succeeds in time; why it does not is logged. */
async function settles(work: () => Promise<unknown>, ms: number, logger: Logger): Promise<boolean> {
  try {
    await withDeadline({ ms, onTimeout: () => new Error(`it did not end within ${ms} ms`) }, async () => work())
    return true
  } catch (error) {
    const { message } = safeCause(error)
    logger.error({ event: 'db.signal_first_failed', error }, `what was to end first failed: ${message}`)
    return false
  }
}
