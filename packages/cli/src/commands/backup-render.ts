import type { OutboxRows, RestoreProgress } from '@miyabi/backup'
import type { Progress } from '../terminal/progress.js'

/** Reports the steps of a restore. */
export function reportRestore(line: Progress): (progress: RestoreProgress) => void {
  return ({ says, done }) => {
    line.step(says)
    if (done !== undefined) line.detail(done.toLocaleString('en-US'))
  }
}

/** Returns lines about the effects that were pending at a cut. */
export function outboxLines(outbox: readonly OutboxRows[]): readonly string[] {
  if (outbox.length === 0) return []
  const rows = outbox.map(({ topic, rows, oldest }) => `  ${topic}: ${rows}, the oldest of ${oldest.toISOString()}`)
  return ['Effects that were pending at the cut, and may have been delivered after it:', ...rows]
}
