/** A problem that `miyabi doctor` found: what is wrong, or soon will be, and what to do about it. */
export interface Finding {
  /** The check, dotted: `indexes.duplicate`. */
  readonly check: string
  /** The setting, table, policy, index ... concerned; absent if the finding concerns the whole. */
  readonly object?: string
  /** What is wrong and what results from it. Never contains a secret or a row's value. */
  readonly problem: string
  /** The command, SQL or setting that fixes it. */
  readonly remedy: string
}
