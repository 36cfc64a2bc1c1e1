export { type BackfillOptions, type BackfillProgress, describeBackfill } from '@miyabi/core'
export type { RowsBackfill } from './backfill/backfill-rows.js'
export { BackfillError, type BackfillErrorCode } from './backfill/errors.js'
export { type CatalogDifference, diffCatalogs } from './catalog/diff.js'
export { catalogDump } from './catalog/dump.js'
export { CATALOG_KINDS, type CatalogEntry, type CatalogKind } from './catalog/entry.js'
export { renderCatalogDiff } from './catalog/render.js'
export { migrationDatabaseUrl } from './database-url.js'
export type { CheckContext, DatabaseCheck } from './doctor/check.js'
export { checkDatabase, databaseChecks } from './doctor/diagnose.js'
export type { Drift, DriftOptions } from './drift/drift.js'
export { schemaEnginePath } from './engine-path.js'
export { loadEnvFile } from './env-file.js'
export { EngineMismatchError, NoDatabaseError } from './errors.js'
export type { MigrationState, MigrationStatus } from './history/compare.js'
export { type Migration, readMigrations } from './history/folder.js'
export type { HistoryProblem } from './history/problems.js'
export type { DatabaseStatus } from './history/status.js'
export type { LintOptions } from './lint/lint.js'
export { type LintRule, lintRules } from './lint/lint-rules.js'
export type { AcceptedFinding, LintFinding, LintReport } from './lint/report.js'
export { MigrationError, type MigrationErrorCode, type MigrationErrorDetails } from './migration-error.js'
export { needsDatabase } from './needs-database.js'
export type { NewMigration, NewMigrationOptions } from './new/new-migration.js'
export type { PrismaProject } from './new/prisma-diff.js'
export type { WriteDownOptions, WrittenDown } from './new/write-down.js'
export {
  backfillRows,
  databaseStatus,
  findDrift,
  lintMigrations,
  newMigration,
  rollback,
  verifyMigrations,
  writeDown,
} from './on-demand.js'
export { checkPrismaCommand } from './preflight.js'
export { type PrismaConfigOptions, prismaConfig } from './prisma-config.js'
export { describeLoss, type Loss } from './rollback/loss.js'
export type { RollbackOptions, RolledBack } from './rollback/rollback.js'
export { type PrismaResult, type RunPrismaOptions, runPrisma } from './run-prisma.js'
export { migrateSettings } from './settings.js'
export type { VerifyFinding, VerifyProblem } from './verify/findings.js'
export { type ScratchDatabase, ScratchServer } from './verify/scratch.js'
export type { VerifiedMigration, VerifyOptions } from './verify/verify.js'
