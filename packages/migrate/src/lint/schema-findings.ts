import type { Schema } from '../schema/facts.js'
import { schemaRules } from '../schema/rules/all.js'
import type { SchemaRule } from '../schema/rules/rule.js'
import type { LintFinding } from './report.js'
import type { LintedMigration } from './rule.js'

/**
 * Faults of the final schema that the new migrations caused: they created the object, or changed an older one, such as
 * disabling its row-level security.
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

/** The statement that caused it; undefined if it existed before. */
function placeOf({ check }: SchemaRule, object: string, fresh: readonly LintedMigration[]) {
  const isIn = (schema: Schema): boolean => check(schema).some((violation) => violation.object === object)
  const migration = fresh.findLast(({ before, after }) => !isIn(before) && isIn(after))
  const step = migration?.steps.findLast(({ before }) => !isIn(before))
  return migration && step && { migration: migration.name, line: step.statement.line }
}
