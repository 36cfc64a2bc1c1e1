/** One thing that is wrong with a backup. */
export interface BackupFault {
  /** The file, or the table, that it concerns; blank for the backup as a whole. */
  readonly file: string
  readonly problem: 'manifest' | 'missing' | 'unexpected' | 'damaged' | 'rows' | 'table_without_file'
  /** For display: what is wrong. */
  readonly text: string
}
