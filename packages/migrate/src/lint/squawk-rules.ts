/** Rules of squawk that say nothing about safety here, or that rules of ours say better. */
export const SQUAWK_LEFT_OUT: readonly string[] = [
  'require-lock-timeout', // missing-timeouts: knows which tables are new, and the header of a migration
  'require-statement-timeout',
  'ban-concurrent-index-creation-in-transaction', // not-alone: knows the other statements of the kind, too
  'prefer-robust-stmts', // a migration is one transaction: there is no half of it to run again
  'prefer-bigint-over-int', // matters of taste
  'prefer-bigint-over-smallint',
  'prefer-identity',
  'prefer-text-field',
]

/** The safe way to do the same, where squawk gives none or only half of one. */
export const SQUAWK_REMEDIES: Readonly<Record<string, string>> = {
  'adding-required-field':
    'add it without NOT NULL or with a constant DEFAULT; fill it in batches; then add CHECK (column IS NOT NULL) NOT VALID, validate it in a later migration, and SET NOT NULL',
  'adding-not-nullable-field':
    'add CHECK (column IS NOT NULL) NOT VALID, validate it in a later migration, then SET NOT NULL (which reads no row then) and drop the check',
  'adding-field-with-default':
    'add the column with a constant DEFAULT, or without one, and fill it in batches after the migration',
  'adding-foreign-key-constraint':
    'add it NOT VALID, and run ALTER TABLE ... VALIDATE CONSTRAINT in a migration of its own, which blocks no writer',
  'constraint-missing-not-valid':
    'add it NOT VALID, and run ALTER TABLE ... VALIDATE CONSTRAINT in a migration of its own, which blocks no writer',
  'disallowed-unique-constraint':
    'CREATE UNIQUE INDEX CONCURRENTLY in a migration of its own, then ADD CONSTRAINT ... UNIQUE USING INDEX',
  'adding-primary-key-constraint':
    'CREATE UNIQUE INDEX CONCURRENTLY in a migration of its own, then ADD CONSTRAINT ... PRIMARY KEY USING INDEX',
  'adding-serial-primary-key-field':
    'add the column, fill it in batches, CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... PRIMARY KEY USING INDEX',
  'require-concurrent-index-creation':
    'CREATE INDEX CONCURRENTLY as the one statement of a migration of its own, with `-- @limits lock_timeout=1h statement_timeout=2h` in its first line',
  'require-concurrent-index-deletion':
    'DROP INDEX CONCURRENTLY as the one statement of a migration of its own, with `-- @limits lock_timeout=1h statement_timeout=2h` in its first line',
  'changing-column-type':
    'add a column of the new type, write both, fill it in batches, read the new one, and drop the old one in a later release',
  'renaming-column':
    'add a column with the new name, write both, fill it in batches, read the new one, and drop the old one in a later release; or keep the name in the database and change only the Prisma field (@map)',
  'renaming-table':
    'keep the name in the database and change only the Prisma model (@@map); or leave a view with the old name behind',
  'ban-drop-column': 'deploy code that no longer reads or writes it first, then drop it, and say so with @ignore',
  'ban-drop-table': 'deploy code that no longer uses it first, then drop it, and say so with @ignore',
  'ban-drop-not-null': 'deploy code that can read NULL first, then say so with @ignore',
  'transaction-nesting': 'leave BEGIN and COMMIT out: a migration is one transaction already',
  'ban-uncommitted-transaction': 'leave BEGIN out: a migration is one transaction already',
}
