import type { Schema } from '../schema/facts.js'
import type { Statement } from '../sql/parse.js'

/** A migration as a rule sees it. */
export interface LintedMigration {
  readonly name: string
  /** The whole script. */
  readonly script: string
  /** Its statements, each with the schema as it is before it. */
  readonly steps: readonly { readonly statement: Statement; readonly before: Schema }[]
  /** The schema before its first statement and after its last. */
  readonly before: Schema
  readonly after: Schema
}

/** What a rule has to say about one statement. */
export interface Complaint {
  readonly statement: Statement
  /** What is wrong and what comes of it. */
  readonly problem: string
  /** The safe way to do the same. */
  readonly remedy: string
}

/** A rule about what a migration does, as opposed to what it leaves behind (`SchemaRule`). */
export interface MigrationRule {
  readonly name: string
  /** What must hold, in one sentence. */
  readonly demand: string
  check(migration: LintedMigration): Complaint[]
}
