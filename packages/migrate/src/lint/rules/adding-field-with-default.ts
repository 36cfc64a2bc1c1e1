import type { ColumnDef } from '@pgsql/types'
import type { Schema } from '../../schema/facts.js'
import { qualifiedName, shortName, textsOf } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { alterationsOf } from '../in-use.js'
import type { MigrationRule } from '../rule.js'
import { volatileFunction } from '../volatile.js'

export const addingFieldWithDefault: MigrationRule = {
  name: 'adding-field-with-default',
  demand:
    'An added column has no DEFAULT, or one that is the same for every row (a constant, now(), an immutable function): any other default, an identity, a serial, a stored GENERATED column and a domain with a check rewrite every row.',
  check: (migration) =>
    alterationsOf(migration, 'AT_AddColumn').flatMap(({ step, name, command }) => {
      const column = asKind(command.def, 'ColumnDef')
      const cause = column ? causeOfRewrite(column, step.before) : undefined
      if (cause === undefined) return []
      return {
        statement: step.statement,
        problem: `${cause}: every row of ${shortName(name)} is rewritten, and no one can read or write it meanwhile`,
        remedy:
          'add the column with a constant DEFAULT, or without one; SET DEFAULT in a separate statement, which applies to new rows; and fill the old rows in batches after the migration',
      }
    }),
}

function causeOfRewrite({ typeName, constraints = [] }: ColumnDef, schema: Schema): string | undefined {
  const type = textsOf(typeName?.names)
  if (/^(big|small)?serial[248]?$/.test(type.at(-1) ?? '')) return `${type.at(-1)} takes a number for each row`
  if (schema.types.get(qualifiedName(type))?.isConstrained) return `the domain ${type.at(-1)} is checked for each row`
  for (const each of constraints) {
    const constraint = asKind(each, 'Constraint')
    if (constraint?.contype === 'CONSTR_IDENTITY') return 'an identity takes a number for each row'
    if (constraint?.contype === 'CONSTR_GENERATED' && constraint.generated_kind !== 'v')
      return 'a stored GENERATED column is computed for each row'
    const called = constraint?.contype === 'CONSTR_DEFAULT' ? volatileFunction(constraint.raw_expr, schema) : undefined
    if (called !== undefined) return `${called}() is called for each row`
  }
  return undefined
}
