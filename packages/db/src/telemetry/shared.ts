/**
 * Work whose result is shared by all callers while it is running, and by those that call within `keepMs` afterwards.
 * The number of callers does not affect how often it runs.
 */
export function shared<T>(keepMs: number, work: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | undefined
  let endedAt: number | undefined
  return () => {
    if (current && (endedAt === undefined || performance.now() < endedAt + keepMs)) return current
    endedAt = undefined
    current = work().finally(() => {
      endedAt = performance.now()
    })
    return current
  }
}
