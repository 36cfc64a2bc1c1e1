import type { ChildProcess } from 'node:child_process'

export const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Polls every few milliseconds until the answer is true; false when `ms` have passed. */
export async function until(ms: number, question: () => boolean | Promise<boolean>): Promise<boolean> {
  const end = Date.now() + ms
  while (!(await question())) {
    if (Date.now() > end) return false
    await delay(2)
  }
  return true
}

export const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Whether a child that was requested to end does so within `ms`. */
export const exitsWithin = (child: ChildProcess, ms: number): Promise<boolean> => until(ms, () => hasExited(child))
