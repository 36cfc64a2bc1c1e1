import { shortName } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { alterationsOf } from '../in-use.js'
import type { MigrationRule } from '../rule.js'

export const triggersDisabled: MigrationRule = {
  name: 'triggers-disabled',
  demand:
    'Triggers and foreign keys also apply to what a migration writes (no session_replication_role, no DISABLE TRIGGER ALL).',
  check: (migration) => [
    ...migration.steps.flatMap(({ statement, node }) => {
      const set = asKind(node, 'VariableSetStmt')
      const value = asKind(set?.args?.[0], 'A_Const')?.sval?.sval
      if (set?.name !== 'session_replication_role' || set.kind !== 'VAR_SET_VALUE' || value === 'origin') return []
      return {
        statement,
        problem:
          'no trigger fires and no foreign key is checked: rows with dangling references stay, and are never found',
        remedy: 'write rows in an order that satisfies their keys, or make the keys DEFERRABLE',
      }
    }),
    ...alterationsOf(migration, 'AT_DisableTrigAll', 'AT_DisableTrigUser').map(({ step, name }) => ({
      statement: step.statement,
      problem: `no trigger of ${shortName(name)} fires from now on, and no one can write to it until the migration has ended`,
      remedy: 'disable only the one trigger by its name, for as short a time as possible',
    })),
  ],
}
