import { schemaRules } from '../schema/rules/all.js'
import { migrationRules } from './rules/all.js'
import { SQUAWK_REMEDIES } from './squawk-rules.js'

/** A rule of `lint` for a reader. */
export interface LintRule {
  readonly name: string
  /** Where it holds: in what a migration does, in the schema that all of them make (and in a live one: `doctor`), or in squawk. */
  readonly kind: 'migration' | 'schema' | 'squawk'
  /** What must hold, or for squawk's the safe way to do what it complains of. */
  readonly text: string
}

/** Every rule of ours, and those of squawk for which there is a safe way to tell. */
export const lintRules: readonly LintRule[] = [
  ...migrationRules.map(({ name, demand }) => ({ name, kind: 'migration' as const, text: demand })),
  ...schemaRules.map(({ name, demand }) => ({ name, kind: 'schema' as const, text: demand })),
  ...Object.entries(SQUAWK_REMEDIES).map(([name, remedy]) => ({ name, kind: 'squawk' as const, text: remedy })),
]
