/**
 * The functions that do the work, each loaded when it is first called: every Prisma command loads this package for its
 * configuration, and does not need the driver, the parser and the rules.
 */

/**
 * Changes every row of a table while it is in use, in batches, and resumes where it stopped.
 * @throws {BackfillError} see its codes
 */
export const backfillRows: typeof import('./backfill/backfill-rows.js').backfillRows = async (options) =>
  (await import('./backfill/backfill-rows.js')).backfillRows(options)

/**
 * Compares a database with a scratch database in which its migrations were run.
 * @throws {MigrationError} `migrate.ahead`, `migrate.scratch_denied`
 * @throws {ReplayError} `migrate.replay_failed`
 */
export const findDrift: typeof import('./drift/drift.js').findDrift = async (options) =>
  (await import('./drift/drift.js')).findDrift(options)

/**
 * Applies migrations up to one that need not be the last, each in one transaction with its record in Prisma's history.
 * @throws {MigrationError} see its codes
 */
export const deployMigrations: typeof import('./deploy/deploy-migrations.js').deployMigrations = async (options) =>
  (await import('./deploy/deploy-migrations.js')).deployMigrations(options)

/** Returns what would have to change so that users may write exactly these topics of the outbox. */
export const planTopics: typeof import('./outbox/topics.js').planTopics = async (options) =>
  (await import('./outbox/topics.js')).planTopics(options)

/** Applies these changes, in one transaction; resolves to what was changed. */
export const applyTopics: typeof import('./outbox/topics.js').applyTopics = async (options) =>
  (await import('./outbox/topics.js')).applyTopics(options)

/** Returns the state of each migration, what is wrong with the history, and whether a deploy is running. */
export const databaseStatus: typeof import('./history/status.js').databaseStatus = async (url, migrations) =>
  (await import('./history/status.js')).databaseStatus(url, migrations)

/**
 * Checks the new migrations of a folder against the rules. Reads files, needs no server and changes nothing.
 * @throws {UnknownBaselineError} `migrate.lint_baseline_unknown`
 */
export const lintMigrations: typeof import('./lint/lint.js').lintMigrations = async (folder, options) =>
  (await import('./lint/lint.js')).lintMigrations(folder, options)

/**
 * Writes a migration for what the Prisma schema contains and the migrations do not create, with its reverse. Applies
 * nothing.
 * @throws {MigrationError} `migrate.name_invalid`, `migrate.diff_failed`
 */
export const newMigration: typeof import('./new/new-migration.js').newMigration = async (options) =>
  (await import('./new/new-migration.js')).newMigration(options)

/** Verifies migrations that were just written, and checks them against the rules of lint. */
export const checkNewMigrations: typeof import('./verify/check-new.js').checkNewMigrations = async (options) =>
  (await import('./verify/check-new.js')).checkNewMigrations(options)

/**
 * Writes `down.sql` for a migration that has none, with what it does not restore as comments.
 * @throws {MigrationError} `migrate.unknown`, `migrate.down_exists`, `migrate.diff_failed`, `migrate.up_failed`,
 *   `migrate.scratch_denied`
 */
export const writeDown: typeof import('./new/write-down.js').writeDown = async (options) =>
  (await import('./new/write-down.js')).writeDown(options)

/**
 * Undoes migrations with their down files, last first, each in one transaction with the record in Prisma's history.
 * @throws {MigrationError} see its codes; nothing was changed, except for the migrations reported to `onUndone`.
 */
export const rollback: typeof import('./rollback/rollback.js').rollback = async (options) =>
  (await import('./rollback/rollback.js')).rollback(options)

/**
 * Runs every migration in both directions, with rows in the tables, on scratch databases.
 * @throws {MigrationError} `migrate.scratch_denied`
 */
export const verifyMigrations: typeof import('./verify/verify.js').verifyMigrations = async (options) =>
  (await import('./verify/verify.js')).verifyMigrations(options)

/**
 * Returns what the server spent its time on, as pg_stat_statements counts it.
 * @throws {StatisticsError} `migrate.statistics_missing`, `migrate.statistics_denied`
 */
export const slowStatements: typeof import('./statistics/slow-statements.js').slowStatements = async (options) =>
  (await import('./statistics/slow-statements.js')).slowStatements(options)

/**
 * Returns the generic plan of a statement, without running it.
 * @throws {StatisticsError} see its codes
 */
export const explainStatement: typeof import('./statistics/explain.js').explainStatement = async (options) =>
  (await import('./statistics/explain.js')).explainStatement(options)

/**
 * Creates the monthly partitions that tables will need, and drops those that may be dropped.
 * @throws {PartitionError} see its codes
 */
export const maintainPartitions: typeof import('./partitions/maintain.js').maintainPartitions = async (options) =>
  (await import('./partitions/maintain.js')).maintainPartitions(options)

/**
 * Creates the missing monthly partitions of a table between two moments; in the caller's transaction.
 * @param client a login of the tables' owner.
 */
export const ensureMonths: typeof import('./partitions/ensure-months.js').ensureMonths = async (
  client,
  table,
  from,
  to,
) => (await import('./partitions/ensure-months.js')).ensureMonths(client, table, from, to)
