import { schemaRules } from '../schema/rules/all.js'
import { migrationRules } from './rules/all.js'
import { TABLE_WITHOUT_ROWS } from './table-without-rows.js'

/** A rule of `lint`, for display. */
export interface LintRule {
  readonly name: string
  /** Its scope: what a migration does, or the schema that all of them create (and a live one: `doctor`). */
  readonly kind: 'migration' | 'schema'
  /** The requirement. */
  readonly text: string
}

/** Every rule. */
export const lintRules: readonly LintRule[] = [
  ...migrationRules.map(({ name, demand }) => ({ name, kind: 'migration' as const, text: demand })),
  { name: TABLE_WITHOUT_ROWS.name, kind: 'migration', text: TABLE_WITHOUT_ROWS.demand },
  ...schemaRules.map(({ name, demand }) => ({ name, kind: 'schema' as const, text: demand })),
]
