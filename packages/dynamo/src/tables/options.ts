export interface ApplyOptions {
  /** Names, with the prefix, of the tables at which items, indexes or streams may be lost. Default: none. */
  readonly replace?: readonly string[]
  /** How long one step may take, in milliseconds. Default 10 minutes: an index over many items is built slowly. */
  readonly waitMs?: number
  /** Told what is done, and every few seconds what is waited for. */
  readonly onProgress?: (progress: TableProgress) => void
  readonly signal?: AbortSignal | undefined
}

/** What is being done to a table, or waited for. */
export interface TableProgress {
  /** With the prefix. */
  readonly table: string
  /** `create the table`; while waiting, what for: `the index byUser is CREATING`. */
  readonly says: string
  /** While waiting: since when, in milliseconds. */
  readonly waitedMs?: number
}
