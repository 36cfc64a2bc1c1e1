/** Something in a migration that should be otherwise. */
export interface LintFinding {
  readonly migration: string
  /** In its `migration.sql`, from 1. */
  readonly line: number
  /** The table, policy, view or function, where the rule is about one. */
  readonly object?: string
  readonly rule: string
  readonly problem: string
  /** The safe way to do the same. */
  readonly remedy: string
}

/** A finding that a comment in the migration takes upon itself. */
export interface AcceptedFinding extends LintFinding {
  readonly reason: string
}

/** What `lintMigrations` found. */
export interface LintReport {
  /** The migrations that were looked at, in order. */
  readonly checked: readonly string[]
  /** By migration and line. */
  readonly findings: readonly LintFinding[]
  /** By migration and line. */
  readonly accepted: readonly AcceptedFinding[]
}
