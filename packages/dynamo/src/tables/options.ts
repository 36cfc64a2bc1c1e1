export interface ApplyOptions {
  /** Names, with the prefix, of the tables that may lose items, indexes or streams. Default: none. */
  readonly replace?: readonly string[]
  /** How long one step may take, in milliseconds. Default 10 minutes: an index over many items is built slowly. */
  readonly waitMs?: number
  /** Called with what is done, and every few seconds with what is waited for. */
  readonly onProgress?: (progress: TableProgress) => void
  readonly signal?: AbortSignal | undefined
}

/** What is being done to a table, or waited for. */
export interface TableProgress {
  /** With the prefix. */
  readonly table: string
  /** `create the table`; while waiting, the reason: `the index byUser is CREATING`. */
  readonly says: string
  /** While waiting: for how long, in milliseconds. */
  readonly waitedMs?: number
}
