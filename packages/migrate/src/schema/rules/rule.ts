import type { Origin, Schema } from '../facts.js'

/** A fault in a schema that a rule covers. */
export interface Violation {
  readonly origin: Origin | undefined
  /** The table, policy, view or function. */
  readonly object: string
  /** What is wrong and its consequence. */
  readonly problem: string
  /** SQL, or text, that fixes it. */
  readonly remedy: string
}

/**
 * A rule about a schema as a whole. `lint` applies it to the schema that the migrations create, `doctor` to the schema
 * of a database.
 */
export interface SchemaRule {
  readonly name: string
  /** The requirement, in one sentence. */
  readonly demand: string
  check(schema: Schema): Violation[]
}
