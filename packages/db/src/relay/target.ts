import type { OutboxRow } from './row.js'

/** One attempt at one effect, as its handler sees it. */
export interface EffectRun {
  /** The id of the effect: the same in every attempt, so that the receiver can recognize a repetition. A UUID. */
  readonly id: string
  /** From 1; attempts of relays that ended meanwhile may be missing. */
  readonly attempt: number
  readonly key: string | undefined
  /** Unique, and ascending among the effects of one key: an effect with a higher one was committed later. */
  readonly position: bigint
  /** The version of the payload: that of `defineEffects` when it was written. */
  readonly version: number
  /** The actor, as the database recorded it. */
  readonly actor: OutboxRow['actor']
  /** Aborts when the attempt has taken too long, or the relay is aborted. */
  readonly signal: AbortSignal
}

/** What to do about a failed attempt. */
export type Verdict =
  /** Retry after a wait; `isCounted`: up to a limit of attempts. */
  | { readonly kind: 'again'; readonly isCounted: boolean }
  /** Do not retry: it would fail again. */
  | { readonly kind: 'permanent' }
  /** The failure is unrelated to this row: nothing is recorded, and its whole target is paused. */
  | { readonly kind: 'pause' }

/** Where the effects of one topic go. */
export interface Target {
  /** Attempts before a row becomes a dead letter. */
  readonly attempts: number
  readonly timeoutMs: number
  /**
   * Whether rows without a key are gathered in separate batches, and so need no slot among those processed one by one.
   */
  readonly isBatched: boolean
  /** Delivers it. Resolves when that is certain. */
  deliver(row: OutboxRow, run: EffectRun): Promise<unknown>
  judge(error: unknown): Verdict
}

/** Finds the target of a row; undefined for a topic or a version without a handler here. */
export type FindTarget = (row: OutboxRow) => Target | undefined
