export { type BackfillOptions, type BackfillProgress, describeBackfill } from '@miyabi/core'
export type { RowsBackfill } from './backfill/backfill-rows.js'
export { BackfillError, type BackfillErrorCode } from './backfill/errors.js'
export { type CatalogDifference, diffCatalogs } from './catalog/diff.js'
export { catalogDump, catalogWithin } from './catalog/dump.js'
export { CATALOG_KINDS, type CatalogEntry, type CatalogKind } from './catalog/entry.js'
export { renderCatalogDiff } from './catalog/render.js'
export { HISTORY_TABLE, isOurs as isOwnRelation } from './catalog/sql.js'
export { type DatabaseLocation, parseTarget, type Target } from './connection/target.js'
export type { DeployOptions } from './deploy/deploy-migrations.js'
export type { CheckContext, DatabaseCheck } from './doctor/check.js'
export { checkDatabase, databaseChecks } from './doctor/diagnose.js'
export { ACCEPTED_FILE, type Acceptance, type AcceptedDifference, readAcceptances } from './drift/accepted.js'
export type { Drift, DriftOptions } from './drift/drift.js'
export { EngineMismatchError, NoDatabaseError } from './errors/errors.js'
export { MigrationError, type MigrationErrorCode, type MigrationErrorDetails } from './errors/migration-error.js'
export type { MigrationState, MigrationStatus } from './history/compare.js'
export { type Migration, readMigrations } from './history/folder.js'
export { describeHolder } from './history/migration-lock.js'
export type { HistoryProblem } from './history/problems.js'
export type { DatabaseStatus } from './history/status.js'
export type { LintOptions } from './lint/lint.js'
export { type LintRule, lintRules } from './lint/lint-rules.js'
export type { AcceptedFinding, LintFinding, LintReport } from './lint/report.js'
export { describeLoss, type Loss } from './loss/loss.js'
export type { NewMigration, NewMigrationOptions } from './new/new-migration.js'
export type { PrismaProject } from './new/prisma-diff.js'
export type { WriteDownOptions, WrittenDown } from './new/write-down.js'
export {
  applyTopics,
  backfillRows,
  checkNewMigrations,
  databaseStatus,
  deployMigrations,
  ensureMonths,
  explainStatement,
  findDrift,
  lintMigrations,
  maintainPartitions,
  newMigration,
  planTopics,
  rollback,
  slowStatements,
  verifyMigrations,
  writeDown,
} from './on-demand.js'
export type { OpenTopics, TopicChange, TopicsOptions } from './outbox/topics.js'
export { PartitionError, type PartitionErrorCode } from './partitions/errors.js'
export { type Keep, parseKeep } from './partitions/keep.js'
export type { MaintainOptions, PartitionStep } from './partitions/maintain.js'
export type { UsageComparison, UsageDifference, UsageSums } from './partitions/usage.js'
export { migrationDatabaseUrl } from './prisma/database-url.js'
export { schemaEnginePath } from './prisma/engine-path.js'
export { loadEnvFile } from './prisma/env-file.js'
export { needsDatabase, prismaCommand } from './prisma/needs-database.js'
export { checkPrismaCommand } from './prisma/preflight.js'
export { type PrismaConfigOptions, prismaConfig } from './prisma/prisma-config.js'
export { type PrismaResult, type RunPrismaOptions, runPrisma } from './prisma/run-prisma.js'
export { migrateSettings } from './prisma/settings.js'
export type { RollbackOptions, RolledBack } from './rollback/rollback.js'
export { type ScratchDatabase, ScratchServer } from './scratch/scratch.js'
export { StatisticsError, type StatisticsErrorCode, type StatisticsErrorDetails } from './statistics/errors.js'
export type { ExplainOptions, Plan } from './statistics/explain.js'
export type { SlowStatement, SlowStatements, SlowStatementsOptions } from './statistics/slow-statements.js'
export type { CheckNewOptions, NewChecked } from './verify/check-new.js'
export type { VerifyFinding, VerifyProblem } from './verify/findings.js'
export type { VerifiedMigration, VerifyOptions } from './verify/verify.js'
