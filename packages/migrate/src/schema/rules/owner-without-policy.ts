import { shortName } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { conventionsOf } from '../conventions.js'
import { EVERYBODY, MIGRATOR, type Policy, type Schema, type Table } from '../facts.js'
import type { SchemaRule } from './rule.js'

/** Commands that return no rows if no policy allows them; an insert reports that it was refused. */
const SILENT = ['select', 'update', 'delete'] as const

export const ownerWithoutPolicy: SchemaRule = {
  name: 'owner-without-policy',
  demand:
    'The owner of a table whose row-level security is forced has policies that let it read, change and delete every row; otherwise a migration that changes rows silently changes none.',
  check: (schema) =>
    [...schema.tables.values()].flatMap((table) => {
      if (!(table.rowSecurity && table.isForced)) return []
      const reached = ownPolicies(schema, table).map(({ command }) => command)
      const missing = SILENT.filter((verb) => !(reached.includes('all') || reached.includes(verb)))
      if (missing.length === 0) return []
      const object = shortName(table.name)
      const owner = conventionsOf(schema).owner ?? table.owner ?? MIGRATOR
      return {
        origin: table.origin,
        object,
        problem: `row-level security applies to its owner too, and no policy lets ${table.owner ?? 'the migrating role'} ${missing.join(', ')} every row: migrations silently find fewer rows than there are, or none`,
        remedy: `CREATE POLICY owner_all ON ${object} FOR ALL TO ${owner} USING (true)`,
      }
    }),
}

/** The policies under which the owner, as far as it is known, reaches every row. */
function ownPolicies({ policies }: Schema, { name, owner }: Table): Policy[] {
  return [...policies.values()].filter(
    ({ table, roles, isPermissive, using }) =>
      table === name &&
      isPermissive &&
      asKind(using, 'A_Const')?.boolval?.boolval === true &&
      // Migrations that do not state the owner may mean any role.
      (owner === undefined || roles.includes(EVERYBODY) || roles.includes(owner)),
  )
}
