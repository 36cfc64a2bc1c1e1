/** A moment by both clocks of the machine, in milliseconds. */
export interface Moment {
  /** `performance.now()`: nobody sets it, but it may stand still while a virtual machine is paused. */
  readonly monotonicMs: number
  /** `Date.now()`: goes on, or is set right, after a pause; and people set it. */
  readonly wallMs: number
}

export const currentMoment = (): Moment => ({ monotonicMs: performance.now(), wallMs: Date.now() })

/**
 * How long ago a moment may have been: by the clock that says more. A serverless function is frozen between two calls,
 * and its machine with it: what is a millisecond by the one clock was an hour for the server, which has closed the
 * connection meanwhile. A clock that was set back says as much: nothing is known.
 */
export function longestSince(before: Moment, now: Moment): number {
  return Math.max(now.monotonicMs - before.monotonicMs, Math.abs(now.wallMs - before.wallMs))
}
