/** A moment by both clocks of the machine, in milliseconds. */
export interface Moment {
  /** `performance.now()`: it is never set, but it may stop while a virtual machine is paused. */
  readonly monotonicMs: number
  /** `Date.now()`: continues, or is corrected, after a pause; and it can be set manually. */
  readonly wallMs: number
}

export const currentMoment = (): Moment => ({ monotonicMs: performance.now(), wallMs: Date.now() })

/**
 * How long ago a moment may have been: by the clock that shows more. A serverless function is frozen between two calls,
 * and its machine with it: a millisecond by one clock was an hour for the server, which has closed the connection in
 * the meantime. If a clock was set back, the age is unknown.
 */
export function longestSince(before: Moment, now: Moment): number {
  return Math.max(now.monotonicMs - before.monotonicMs, Math.abs(now.wallMs - before.wallMs))
}
