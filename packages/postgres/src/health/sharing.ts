/**
 * Lets those who ask while an answer is on its way share it. Whoever is aborted leaves with the reason of their signal;
 * the question goes on for the others, so it must end by itself.
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
