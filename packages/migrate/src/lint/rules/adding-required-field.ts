import type { ColumnDef } from '@pgsql/types'
import { shortName, textsOf } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { alterationsOf } from '../in-use.js'
import type { MigrationRule } from '../rule.js'

export const addingRequiredField: MigrationRule = {
  name: 'adding-required-field',
  demand: 'A column added as NOT NULL has a DEFAULT: without one PostgreSQL refuses it if the table has rows.',
  check: (migration) =>
    alterationsOf(migration, 'AT_AddColumn').flatMap(({ step, name, command }) => {
      const column = asKind(command.def, 'ColumnDef')
      if (!column || !isRequired(column)) return []
      return {
        statement: step.statement,
        problem: `${shortName(name)}.${column.colname} is NOT NULL and has no DEFAULT: PostgreSQL refuses it if the table has any row, and then every INSERT of the release that is still running`,
        remedy:
          'add it with a constant DEFAULT; or without NOT NULL, fill it in batches, then add CHECK (column IS NOT NULL) NOT VALID, validate it in a later migration, and SET NOT NULL',
      }
    }),
}

/** Whether existing rows have no value for it. */
function isRequired({ typeName, constraints = [] }: ColumnDef): boolean {
  const kinds = constraints.map((each) => asKind(each, 'Constraint')?.contype)
  const isFilled = kinds.some((kind) => ['CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED'].includes(kind ?? ''))
  const isSerial = /^(big|small)?serial[248]?$/.test(textsOf(typeName?.names).at(-1) ?? '')
  return !isFilled && !isSerial && kinds.some((kind) => kind === 'CONSTR_NOTNULL' || kind === 'CONSTR_PRIMARY')
}
