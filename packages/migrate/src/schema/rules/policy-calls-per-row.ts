import { shortName } from '../../sql/names.js'
import { perRowCalls } from '../expressions.js'
import type { SchemaRule } from './rule.js'

export const policyCallsPerRow: SchemaRule = {
  name: 'policy-calls-per-row',
  demand:
    'A policy calls functions inside (SELECT ...), so that the server evaluates them once per query rather than once per row.',
  check: (schema) =>
    [...schema.policies.values()].flatMap(({ name, table, origin, using, check }) => {
      const calls = [...perRowCalls(schema, using), ...perRowCalls(schema, check)]
      const unique = [...new Map(calls.map((call) => [call.name, call])).values()]
      return unique.map((call) => ({
        origin,
        object: `${shortName(table)}, policy ${name}`,
        problem: `${call.name}() runs once for every row`,
        remedy: call.takesRow
          ? `compare a column with a set that does not depend on the row: column IN (SELECT ... that ${call.name}() would look up)`
          : `write (SELECT ${call.name}(...)), which runs once per query: ALTER POLICY ${name} ON ${shortName(table)} ...`,
      }))
    }),
}
