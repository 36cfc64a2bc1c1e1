import type { AlterTableCmd } from '@pgsql/types'
import { shortName } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { alterationsOf } from '../in-use.js'
import type { LintedMigration, MigrationRule } from '../rule.js'

/** The name of a constraint, and how it gets its index. */
interface Kind {
  readonly words: string
  readonly remedy: string
}

const UNIQUE: Kind = {
  words: 'unique constraint',
  remedy: 'CREATE UNIQUE INDEX CONCURRENTLY in a migration of its own, then ADD CONSTRAINT ... UNIQUE USING INDEX',
}
const EXCLUSION: Kind = {
  words: 'exclusion constraint',
  remedy:
    'it cannot be built while others write: do it while no one does, with a statement_timeout, and accept it with @ignore',
}
const PRIMARY: Kind = {
  words: 'primary key',
  remedy:
    'CREATE UNIQUE INDEX CONCURRENTLY in a migration of its own, make its columns NOT NULL by way of a validated check, then ADD CONSTRAINT ... PRIMARY KEY USING INDEX',
}

export const disallowedUniqueConstraint: MigrationRule = {
  name: 'disallowed-unique-constraint',
  demand:
    'A unique constraint uses an index that was built CONCURRENTLY: otherwise PostgreSQL builds one, and blocks all reads and writes of the table meanwhile.',
  check: (migration) => [
    ...building(migration, 'CONSTR_UNIQUE', UNIQUE),
    ...building(migration, 'CONSTR_EXCLUSION', EXCLUSION),
  ],
}

export const addingPrimaryKeyConstraint: MigrationRule = {
  name: 'adding-primary-key-constraint',
  demand: 'A primary key uses an index that was built CONCURRENTLY, for the same reason.',
  check: (migration) => building(migration, 'CONSTR_PRIMARY', PRIMARY),
}

const building = (migration: LintedMigration, contype: string, { words, remedy }: Kind) =>
  alterationsOf(migration, 'AT_AddConstraint', 'AT_AddColumn').flatMap(({ step, name, command }) =>
    typesOf(command).includes(contype)
      ? {
          statement: step.statement,
          problem: `it builds the index of a ${words} on ${shortName(name)}, and no one can read or write it meanwhile`,
          remedy,
        }
      : [],
  )

/** The kinds of constraint that a clause adds without an existing index. */
function typesOf({ def }: AlterTableCmd): string[] {
  const constraints = [def, ...(asKind(def, 'ColumnDef')?.constraints ?? [])]
  return constraints.flatMap((each) => {
    const constraint = asKind(each, 'Constraint')
    return constraint?.contype === undefined || constraint.indexname !== undefined ? [] : [constraint.contype]
  })
}
