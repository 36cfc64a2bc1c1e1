import type { AlterTableCmd, Node } from '@pgsql/types'
import type { Table } from '../../schema/facts.js'
import { shortName, textsOf } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { alterationsOf } from '../in-use.js'
import type { MigrationRule } from '../rule.js'

export const addingNotNullableField: MigrationRule = {
  name: 'adding-not-nullable-field',
  demand:
    'A column becomes NOT NULL after a CHECK (column IS NOT NULL) was validated: without one PostgreSQL reads every row, and blocks all reads and writes meanwhile.',
  check: (migration) =>
    alterationsOf(migration, 'AT_SetNotNull', 'AT_AddConstraint').flatMap(({ step, name, table, command }) => {
      const unproven = becomingRequired(command, table).filter((column) => !isProven(table, column))
      if (unproven.length === 0) return []
      return {
        statement: step.statement,
        problem: `it reads every row of ${shortName(name)} to verify that ${unproven.join(', ')} ${unproven.length === 1 ? 'is' : 'are'} never null, and no one can read or write it meanwhile`,
        remedy:
          'add CHECK (column IS NOT NULL) NOT VALID, validate it in a later migration, then SET NOT NULL (which then reads no row) and drop the check',
      }
    }),
}

/** The columns that a clause makes NOT NULL; those of a primary key that takes an index, too. */
function becomingRequired({ subtype, name, def }: AlterTableCmd, table: Table | undefined): string[] {
  if (subtype === 'AT_SetNotNull') return name === undefined ? [] : [name]
  const constraint = asKind(def, 'Constraint')
  if (constraint?.contype === 'CONSTR_NOTNULL') return constraint.skip_validation ? [] : textsOf(constraint.keys)
  if (constraint?.contype !== 'CONSTR_PRIMARY' || constraint.indexname === undefined) return []
  return [...(table?.shape.indexes.get(constraint.indexname) ?? [])]
}

function isProven(table: Table | undefined, column: string): boolean {
  if (table?.shape.required.has(column)) return true
  const checks = [...(table?.shape.checks.values() ?? [])]
  return checks.some(({ expression, isValid }) => isValid && saysNotNull(expression, column))
}

/** `column IS NOT NULL`, alone or joined to others by AND. */
function saysNotNull(expression: Node | undefined, column: string): boolean {
  const both = asKind(expression, 'BoolExpr')
  if (both?.boolop === 'AND_EXPR') return (both.args ?? []).some((each) => saysNotNull(each, column))
  const test = asKind(expression, 'NullTest')
  const tested = textsOf(asKind(test?.arg, 'ColumnRef')?.fields).at(-1)
  return test?.nulltesttype === 'IS_NOT_NULL' && tested === column
}
