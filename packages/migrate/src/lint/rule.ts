import type { Node } from '@pgsql/types'
import type { Schema } from '../schema/facts.js'
import type { Statement } from '../sql/parse.js'

/** A statement that the server runs. */
export interface Step {
  /** Where it is written: the statement itself, or the DO block around it. */
  readonly statement: Statement
  readonly node: Node
  /** The schema as it is before it. */
  readonly before: Schema
  /** What the migration has created before it, including temporary tables, by name: not in use by anyone else yet. */
  readonly made: ReadonlySet<string>
}

/** A migration as a rule sees it. */
export interface LintedMigration {
  readonly name: string
  /** The whole script. */
  readonly script: string
  readonly statements: readonly Statement[]
  /** What it has the server run, in order. */
  readonly steps: readonly Step[]
  /** The schema before its first statement and after its last. */
  readonly before: Schema
  readonly after: Schema
}

/** The finding of a rule about one statement. */
export interface Complaint {
  readonly statement: Statement
  /** What is wrong and its consequence. */
  readonly problem: string
  /** The safe way to do the same. */
  readonly remedy: string
}

/** A rule about what a migration does, as opposed to what it leaves behind (`SchemaRule`). */
export interface MigrationRule {
  readonly name: string
  /** The requirement, in one sentence. */
  readonly demand: string
  check(migration: LintedMigration): Complaint[]
}
