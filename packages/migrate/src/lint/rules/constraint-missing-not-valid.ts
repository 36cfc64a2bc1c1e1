import type { AlterTableCmd, Constraint } from '@pgsql/types'
import { shortName, textsOf } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { alterationsOf } from '../in-use.js'
import type { Complaint, LintedMigration, MigrationRule } from '../rule.js'

const REMEDY =
  'add it NOT VALID, and run ALTER TABLE ... VALIDATE CONSTRAINT in a separate migration, which blocks no reader and no writer'

/** Before PostgreSQL 18 a partitioned table cannot have a foreign key that is NOT VALID. */
const ON_PARTITIONS =
  'add it to each partition NOT VALID, validate those in a separate migration, and then add it to the whole table, which adopts them and reads no row'

export const constraintMissingNotValid: MigrationRule = {
  name: 'constraint-missing-not-valid',
  demand:
    'A check or a foreign key is added NOT VALID, and validated in a later migration: otherwise PostgreSQL reads every row, and blocks all writes meanwhile.',
  check: (migration) => [...onTables(migration), ...onDomains(migration)],
}

const onTables = (migration: LintedMigration): Complaint[] =>
  alterationsOf(migration, 'AT_AddConstraint', 'AT_AddColumn').flatMap(({ step, name, command }) =>
    constraintsOf(command).map((kind) => ({
      statement: step.statement,
      problem: `it reads every row of ${shortName(name)} to check the ${kind}, and no one can write it meanwhile`,
      remedy: remedyFor(command, kind, step.before.tables.get(name)?.shape.isPartitioned === true),
    })),
  )

function remedyFor({ subtype }: AlterTableCmd, kind: string, isPartitioned: boolean): string {
  if (kind === 'foreign key' && isPartitioned) return ON_PARTITIONS
  return subtype === 'AT_AddColumn' ? `add the column without it, then the constraint: ${REMEDY}` : REMEDY
}

/** The kinds of constraint for which a clause reads every row. */
function constraintsOf({ subtype, def }: AlterTableCmd): string[] {
  if (subtype === 'AT_AddConstraint') return kindOf(asKind(def, 'Constraint')) ?? []
  const constraints = (asKind(def, 'ColumnDef')?.constraints ?? []).flatMap((each) => asKind(each, 'Constraint') ?? [])
  const value = constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT')?.raw_expr
  const isFilled = value !== undefined && !asKind(value, 'A_Const')?.isnull
  return constraints.flatMap((constraint, index) => {
    // A new column without a value refers to nothing: no row is read for a foreign key.
    if (constraint.contype === 'CONSTR_FOREIGN' && !isFilled) return []
    if (constraints[index + 1]?.contype === 'CONSTR_ATTR_NOT_ENFORCED') return []
    return kindOf(constraint) ?? []
  })
}

function kindOf({ contype, skip_validation: isSkipped, is_enforced }: Partial<Constraint> = {}): string[] | undefined {
  if (isSkipped || is_enforced === false) return undefined
  if (contype === 'CONSTR_CHECK') return ['check']
  return contype === 'CONSTR_FOREIGN' ? ['foreign key'] : undefined
}

/** A domain is checked in every table that has a column of it. */
function onDomains({ steps }: LintedMigration): Complaint[] {
  return steps.flatMap(({ statement, node, made }) => {
    const alter = asKind(node, 'AlterDomainStmt')
    const isChecked = alter?.subtype === 'O' || (alter?.subtype === 'C' && kindOf(asKind(alter.def, 'Constraint')))
    const name = textsOf(alter?.typeName).join('.')
    if (!isChecked || made.has(`type ${name.includes('.') ? name : `public.${name}`}`)) return []
    return {
      statement,
      problem: `it reads every row of every table that has a column of ${name}, and no one can write them meanwhile`,
      remedy:
        'ALTER DOMAIN ... ADD CONSTRAINT ... CHECK (...) NOT VALID, and ALTER DOMAIN ... VALIDATE CONSTRAINT in a migration of its own',
    }
  })
}
