import type { Schema } from '../schema/facts.js'
import { schemaRules } from '../schema/rules/all.js'
import type { SchemaRule } from '../schema/rules/rule.js'
import type { LintFinding } from './report.js'
import type { LintedMigration } from './rule.js'

/**
 * What is wrong with the schema that all migrations make, as far as the new ones are to blame: they made the thing, or
 * did something to an older one, such as turning its row-level security off.
 */
export function schemaFindings(schema: Schema, fresh: readonly LintedMigration[]): LintFinding[] {
  const names = new Set(fresh.map(({ name }) => name))
  return schemaRules.flatMap((rule) =>
    rule.check(schema).flatMap(({ origin, object, problem, remedy }) => {
      const isNew = origin !== undefined && names.has(origin.migration)
      const place = isNew ? origin : placeOf(rule, object, fresh)
      return place ? { migration: place.migration, line: place.line, object, rule: rule.name, problem, remedy } : []
    }),
  )
}

/** Since which statement it is wrong; undefined where it was before. */
function placeOf({ check }: SchemaRule, object: string, fresh: readonly LintedMigration[]) {
  const isIn = (schema: Schema): boolean => check(schema).some((violation) => violation.object === object)
  const migration = fresh.findLast(({ before, after }) => !isIn(before) && isIn(after))
  const step = migration?.steps.findLast(({ before }) => !isIn(before))
  return migration && step && { migration: migration.name, line: step.statement.line }
}
