import type { Origin, Schema } from '../facts.js'

/** Something in a schema that a rule is about. */
export interface Violation {
  readonly origin: Origin | undefined
  /** The table, policy, view or function. */
  readonly object: string
  /** What is wrong and what comes of it. */
  readonly problem: string
  /** SQL, or words, that put it right. */
  readonly remedy: string
}

/**
 * A rule about a schema as a whole. `lint` holds the schema that the migrations make to it, `doctor` the one that a
 * database has.
 */
export interface SchemaRule {
  readonly name: string
  /** What must hold, in one sentence. */
  readonly demand: string
  check(schema: Schema): Violation[]
}
