import type { OutboxRows, RestoreProgress } from '@miyabi/backup'

/** What a restore is doing, in a line. */
export const restoreLine = ({ says, done }: RestoreProgress): string =>
  done === undefined ? `${says} ...` : `${says}: ${done.toLocaleString('en-US')}`

/** The effects that waited at a cut. */
export function outboxLines(outbox: readonly OutboxRows[]): readonly string[] {
  if (outbox.length === 0) return []
  const rows = outbox.map(({ topic, rows, oldest }) => `  ${topic}: ${rows}, the oldest of ${oldest.toISOString()}`)
  return ['Effects that waited at the cut, and may have been carried out after it:', ...rows]
}
