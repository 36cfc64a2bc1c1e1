import { shortName } from '../../sql/names.js'
import { unindexedColumns } from '../expressions.js'
import type { SchemaRule } from './rule.js'

export const policyWithoutIndex: SchemaRule = {
  name: 'policy-without-index',
  demand:
    'An index begins with the column that a policy compares with the identity; otherwise every query of a user reads the whole table.',
  check: ({ policies, tables }) =>
    [...policies.values()].flatMap(({ name, table, origin, using }) => {
      const indexes = tables.get(table)?.indexes
      if (indexes === undefined) return []
      const leading = new Set(indexes.values())
      const columns = new Set(unindexedColumns(using, (column) => leading.has(column)))
      return [...columns].map((column) => ({
        origin,
        object: `${shortName(table)}, policy ${name}`,
        problem: `no index begins with ${column}, so every query under it reads the whole table`,
        remedy: `CREATE INDEX CONCURRENTLY ON ${shortName(table)} (${column}), in a migration of its own`,
      }))
    }),
}
