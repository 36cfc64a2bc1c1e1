/** Something that is wrong, or soon will be, and what to do about it: what a check of `miyabi doctor` finds. */
export interface Finding {
  /** What was looked for, dotted: `indexes.duplicate`. */
  readonly check: string
  /** The setting, table, policy, index ... that it is about; absent where it is about the whole. */
  readonly object?: string
  /** What is wrong and what comes of it. Never a secret, never a row's value. */
  readonly problem: string
  /** The command, SQL or setting that mends it. */
  readonly remedy: string
}
