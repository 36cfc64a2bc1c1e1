/** A file of a target: what a listing says of it. */
export interface TargetFile {
  /** Its path from the root of the target, with `/` between its parts. */
  readonly key: string
  readonly bytes: number
  readonly modifiedAt: Date
}

/** A place for backups: a folder, or a prefix of a bucket. */
export interface BackupTarget {
  /** For people: a path, or `s3://bucket/prefix`. Holds no secret. */
  readonly name: string
  /** Whether whoever runs the store could read what lies there: then it is not written to without encryption. */
  readonly isRemote: boolean
  /**
   * Stores a file: all of it, under a name that nothing had before, or nothing. It lasts when this resolves.
   * @throws {BackupError} `backup.target_full`, `backup.target_missing`, `backup.target_failed`
   * @throws what `body` throws, and the signal's reason
   */
  put(key: string, body: AsyncIterable<Uint8Array>, options?: { readonly signal?: AbortSignal }): Promise<void>
  /**
   * The bytes of a file; undefined where there is none. Of a large one they come as they are read.
   * @throws {BackupError} `backup.target_missing`, `backup.target_failed`, also while they are read
   */
  get(key: string): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Every file whose key begins with `prefix`, in no order. Files that are being written are listed, too. */
  list(prefix: string): AsyncIterable<TargetFile>
  /** Removes a file; one that is not there is none to remove. */
  remove(key: string): Promise<void>
  /** Ends connections, where there are any. */
  close(): void
}

/** The end of the name of a file that is being written. */
export const PARTIAL = '.partial'
