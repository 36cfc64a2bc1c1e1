import { shortName } from '../../sql/names.js'
import { conventionsOf, isOrdinary } from '../conventions.js'
import { EVERYBODY, type Schema, type Table } from '../facts.js'
import type { SchemaRule } from './rule.js'

export const serviceWithoutAccess: SchemaRule = {
  name: 'service-without-access',
  demand:
    'A role that reaches every row of the other tables has a grant and a policy on each table: without a grant it is refused, and without a policy it finds no row.',
  check: (schema) => {
    const { services } = conventionsOf(schema)
    return [...schema.tables.values()].filter(isOrdinary).flatMap((table) =>
      services.flatMap((role) => {
        const remedies = remediesFor(schema, table, role)
        if (remedies.length === 0) return []
        const object = shortName(table.name)
        return {
          origin: table.origin,
          object,
          problem: `${role}, which reaches every row of the other tables, has no access to it: permission denied, or no rows`,
          remedy: remedies.join('; '),
        }
      }),
    )
  },
}

function remediesFor({ policies }: Schema, table: Table, role: string): string[] {
  const object = shortName(table.name)
  const isGranted = (table.grantees.get(role)?.size ?? 0) > 0
  const isLet = [...policies.values()].some(
    ({ table: on, roles, isPermissive }) =>
      on === table.name && isPermissive && (roles.includes(role) || roles.includes(EVERYBODY)),
  )
  return [
    ...(isGranted ? [] : [`GRANT SELECT, INSERT, UPDATE, DELETE ON ${object} TO ${role}`]),
    ...(isLet ? [] : [`CREATE POLICY ${role.replace(/^[^_]+_/, '')}_all ON ${object} FOR ALL TO ${role} USING (true)`]),
  ]
}
