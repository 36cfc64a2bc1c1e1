import type { OutboxRow } from './row.js'

/** One attempt at one effect, as its handler sees it. */
export interface EffectRun {
  /** Of the effect: the same in every attempt, so that the receiver can tell a repetition. A UUID. */
  readonly id: string
  /** From 1; attempts of relays that ended meanwhile may be missing. */
  readonly attempt: number
  readonly key: string | undefined
  /** Unique, and rising among the effects of one key: what has a higher one has been committed later. */
  readonly position: bigint
  /** Of the payload: what `defineEffects` said when it was written. */
  readonly version: number
  /** Who caused it, as the database saw it. */
  readonly actor: OutboxRow['actor']
  /** Aborts when the attempt has taken too long, or the relay is cut. */
  readonly signal: AbortSignal
}

/** What is to be done about a failed attempt. */
export type Verdict =
  /** Again after a while; `isCounted`: up to a bound of attempts. */
  | { readonly kind: 'again'; readonly isCounted: boolean }
  /** Nothing would come of another. */
  | { readonly kind: 'permanent' }
  /** It has nothing to do with this row: nothing is recorded, and its whole target has a pause. */
  | { readonly kind: 'pause' }

/** Where the effects of one topic go. */
export interface Target {
  /** Attempts before the dead letters. */
  readonly attempts: number
  readonly timeoutMs: number
  /** Whether rows without a key gather in batches of their own, and so need no place among those that go one by one. */
  readonly isBatched: boolean
  /** Carries it out. Resolves when that is certain. */
  deliver(row: OutboxRow, run: EffectRun): Promise<unknown>
  judge(error: unknown): Verdict
}

/** Finds the target of a row; undefined for a topic or a version that is not known here. */
export type FindTarget = (row: OutboxRow) => Target | undefined
