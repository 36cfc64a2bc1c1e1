/** A file of a target, as a listing shows it. */
export interface TargetFile {
  /** Its path from the root of the target, with `/` between its parts. */
  readonly key: string
  readonly bytes: number
  readonly modifiedAt: Date
}

/** A place for backups: a folder, or a prefix of a bucket. */
export interface BackupTarget {
  /** For display: a path, or `s3://bucket/prefix`. Contains no secret. */
  readonly name: string
  /** Whether the operator of the store could read what is stored there: then unencrypted backups are refused. */
  readonly isRemote: boolean
  /**
   * Stores a complete file under a new name, or nothing. It is durable when this resolves.
   * @throws {BackupError} `backup.target_full`, `backup.target_missing`, `backup.target_failed`
   * @throws errors of `body`, and the signal's reason
   */
  put(key: string, body: AsyncIterable<Uint8Array>, options?: { readonly signal?: AbortSignal }): Promise<void>
  /**
   * The bytes of a file; undefined if there is none. Those of a large file are returned as they are read.
   * @throws {BackupError} `backup.target_missing`, `backup.target_failed`, also while they are read
   */
  get(key: string): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Every file whose key begins with `prefix`, in no order. Files that are being written are listed, too. */
  list(prefix: string): AsyncIterable<TargetFile>
  /** Removes a file; a missing file is not an error. */
  remove(key: string): Promise<void>
  /** Closes connections, if there are any. */
  close(): void
}

/** The end of the name of a file that is being written. */
export const PARTIAL = '.partial'
