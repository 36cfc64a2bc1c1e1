import { usesColumn } from '../../schema/column-uses.js'
import type { Schema } from '../../schema/facts.js'
import { bodyStatements } from '../../schema/function-body.js'
import { relationName, shortName } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import type { MigrationRule } from '../rule.js'

export const droppedColumnInUse: MigrationRule = {
  name: 'dropped-column-in-use',
  demand:
    'A column is dropped after the policies, views and functions that refer to it: CASCADE drops policies and views as well, and functions fail later.',
  check: ({ steps, after }) =>
    steps.flatMap(({ statement, node, before }) => {
      const alter = asKind(node, 'AlterTableStmt')
      const table = relationName(alter?.relation)
      const columns = (alter?.cmds ?? []).flatMap((each) => {
        const command = asKind(each, 'AlterTableCmd')
        return command?.subtype === 'AT_DropColumn' && command.name ? [command.name] : []
      })
      return columns.flatMap((column) => {
        const users = [...dependents(before, table, column), ...functionsUsing(before, after, table, column)]
        return users.map((user) => ({
          statement,
          problem: `${user} refers to ${shortName(table)}.${column}, which is dropped`,
          remedy: `change ${user} first, in this migration or an earlier one, and drop the column without CASCADE`,
        }))
      })
    }),
}

/** Policies and views as they are at that moment. */
function dependents(schema: Schema, table: string, column: string): string[] {
  const policies = [...schema.policies.values()].filter((policy) =>
    usesColumn(schema, [policy.using, policy.check], table, column, policy.table),
  )
  const views = [...schema.views.values()].filter(({ query }) => usesColumn(schema, query, table, column))
  return [
    ...policies.map(({ name, table: on }) => `policy ${name} on ${shortName(on)}`),
    ...views.map(({ name }) => `view ${shortName(name)}`),
  ]
}

/** Functions as they are at the end: one may be replaced after the column was dropped. */
function functionsUsing(before: Schema, after: Schema, table: string, column: string): string[] {
  return [...after.functions]
    .filter(([, fn]) => usesColumn(before, bodyStatements(fn), table, column))
    .map(([signature]) => `function ${shortName(signature)}`)
}
