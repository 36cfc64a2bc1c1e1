/** A fault in a migration. */
export interface LintFinding {
  readonly migration: string
  /** In its `migration.sql`, from 1. */
  readonly line: number
  /** The table, policy, view or function, if the rule concerns one. */
  readonly object?: string
  readonly rule: string
  readonly problem: string
  /** The safe way to do the same. */
  readonly remedy: string
}

/** A finding that a comment in the migration accepts. */
export interface AcceptedFinding extends LintFinding {
  readonly reason: string
}

/** The result of `lintMigrations`. */
export interface LintReport {
  /** The checked migrations, in order. */
  readonly checked: readonly string[]
  /** By migration and line. */
  readonly findings: readonly LintFinding[]
  /** By migration and line. */
  readonly accepted: readonly AcceptedFinding[]
}
