import type { Job } from './effects.js'

/** What was seen of jobs as they were done. */
export interface OrderSeen {
  /** How many; one that was done twice counts twice. */
  readonly done: number
  /** How many came after a later one of their key, or a second time. */
  readonly outOfOrder: number
}

/** Sees whether jobs of one key come in the order in which they were written. */
export function seeOrder(): { see(job: Job): void; seen(): OrderSeen } {
  const last = new Map<string, number>()
  let done = 0
  let outOfOrder = 0
  return {
    see({ turn, key }) {
      done += 1
      if (key === undefined) return
      if ((last.get(key) ?? -1) >= turn) outOfOrder += 1
      last.set(key, turn)
    },
    seen: () => ({ done, outOfOrder }),
  }
}
