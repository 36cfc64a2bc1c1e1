/**
 * Work whose result is shared: by all who ask while it is under way, and by those who ask within `keepMs` afterwards.
 * However many ask, it is done no more often.
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
