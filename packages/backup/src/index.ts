export { createBackup } from './create/create-backup.js'
export { copyErasures, ERASURES_FILE, type Erasure, readErasures } from './create/erasures.js'
export type { CreateOptions, CreateProgress } from './create/options.js'
export { type Drilled, type DrillOptions, drillBackup } from './drill/drill.js'
export { recordDrill } from './drill/record-drill.js'
export { BackupError, type BackupErrorCode, type BackupErrorDetails } from './errors/errors.js'
export type { Passed } from './format/flow.js'
export { type Item, itemLine, parseItemLine } from './format/item-line.js'
export { KEY_BYTES, type ReadKey, readKey } from './format/key.js'
export type { Cut, DynamoTable, FileEntry, Manifest, PostgresTable, SequenceValue } from './format/manifest.js'
export { type OpenBackupOptions, type OpenedBackup, openBackup } from './format/open-backup.js'
export { RowsHash } from './format/rows-hash.js'
export { copyTable } from './postgres/dump.js'
export { type ListedBackup, listBackups } from './prune/list-backups.js'
export { type PrunedBackup, type PruneOptions, pruneBackups } from './prune/prune-backups.js'
export { readErasureMarks } from './restore/erasure-marks.js'
export { resolveBackup } from './restore/resolve-backup.js'
export {
  type OutboxRows,
  type Restored,
  type RestoreOptions,
  type RestorePlace,
  type RestoreProgress,
  restoreBackup,
} from './restore/restore.js'
export { type Resumed, type ResumeOptions, resumeStore } from './restore/resume.js'
export { type BackupSettings, backupSettings, parseBackupSettings } from './settings.js'
export { openTarget, type TargetSettings } from './target/open-target.js'
export type { BackupTarget, TargetFile } from './target/target.js'
export type { BackupFault } from './verify/faults.js'
export { type VerifiedBackup, type VerifyOptions, verifyBackup } from './verify/verify-backup.js'
