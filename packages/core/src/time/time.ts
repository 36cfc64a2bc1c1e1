import { setMaxListeners } from 'node:events'

/** Resolves after `ms`, or rejects with the signal's reason. Leaves neither timer nor listener behind. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/**
 * Returns the wait before retry number `retry` (0 for the first), in milliseconds: uniform in [0, min(max, initial *
 * 2^retry)). Full jitter, after https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function fullJitter(
  retry: number,
  backoff: { readonly initialMs: number; readonly maxMs: number },
  random: () => number = Math.random,
): number {
  return Math.floor(random() * Math.min(backoff.maxMs, backoff.initialMs * 2 ** retry))
}

export interface DeadlineOptions {
  /** How long the whole call may take, in milliseconds. */
  readonly ms: number
  /** The caller's own signal; its abort is passed on. */
  readonly signal?: AbortSignal | undefined
  /**
   * Creates the error to throw when the time is over. Called at that moment, so the error can describe the current
   * state.
   */
  readonly onTimeout: () => Error
}

/**
 * Runs `work` under a total deadline: the returned promise settles within `ms` whatever `work` does, and its signal
 * tells `work` to stop.
 *
 * `AbortSignal.any([AbortSignal.timeout(n)])` never fires after a garbage collection on Node 20
 * (https://github.com/nodejs/node/issues/57736), hence the controller and the timer.
 *
 * If this process was too busy to read, answers that arrived in time are waiting in its sockets, and timers would run
 * before them. So the time is over only after another check.
 */
export async function withDeadline<T>(options: DeadlineOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { ms, signal, onTimeout } = options
  signal?.throwIfAborted()
  // One signal may end many calls at once; Node would warn of a leak from the eleventh on.
  if (signal) setMaxListeners(0, signal)
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let afterLook: NodeJS.Immediate | undefined
  let onAbort: (() => void) | undefined
  try {
    return await new Promise<T>((resolve, reject) => {
      const stop = (reason: unknown): void => {
        reject(reason as Error)
        controller.abort(reason)
      }
      timer = setTimeout(() => {
        afterLook = setImmediate(() => stop(onTimeout()))
      }, ms)
      onAbort = () => stop(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      // Not `Promise.race`, which would hide the caller from the stack trace. When the deadline wins, a late failure is
      // not reported.
      work(controller.signal).then(resolve, reject)
    })
  } finally {
    clearTimeout(timer)
    clearImmediate(afterLook)
    if (onAbort) signal?.removeEventListener('abort', onAbort)
  }
}

/**
 * Waits for `work`, but no longer than until the signal aborts: then rejects with its reason. Leaves no listener
 * behind.
 */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let onAbort = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Returns whether `work` settles in time; a rejection counts as settled. */
export async function settlesWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = new Error()
  try {
    await withDeadline({ ms, onTimeout: () => late }, () => work)
    return true
  } catch (error) {
    return error !== late
  }
}
