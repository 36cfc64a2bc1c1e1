/**
 * Lets callers share an answer that is already requested. An aborted caller leaves with the reason of its signal; the
 * request continues for the others, so it must end on its own.
 */
export function sharing<T>(ask: () => Promise<T>): (signal?: AbortSignal) => Promise<T> {
  let underWay: Promise<T> | undefined
  return async (signal) => {
    signal?.throwIfAborted()
    underWay ??= ask().finally(() => {
      underWay = undefined
    })
    if (!signal) return underWay
    let onAbort: (() => void) | undefined
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
    })
    try {
      return await Promise.race([underWay, aborted])
    } finally {
      if (onAbort) signal.removeEventListener('abort', onAbort)
    }
  }
}
