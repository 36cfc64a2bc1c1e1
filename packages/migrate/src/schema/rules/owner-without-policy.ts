import { shortName } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { conventionsOf } from '../conventions.js'
import { EVERYBODY, MIGRATOR, type Policy, type Schema, type Table } from '../facts.js'
import type { SchemaRule } from './rule.js'

/** What answers with no rows where no policy lets it through; an insert says that it was refused. */
const SILENT = ['select', 'update', 'delete'] as const

export const ownerWithoutPolicy: SchemaRule = {
  name: 'owner-without-policy',
  demand:
    'The owner of a table whose row-level security is forced has policies that let it read, change and delete every row; else a migration that changes rows changes none, and says nothing.',
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
        problem: `row-level security binds its owner too, and no policy lets ${table.owner ?? 'whoever migrates'} ${missing.join(', ')} every row: migrations find fewer rows than there are, or none, and say nothing`,
        remedy: `CREATE POLICY owner_all ON ${object} FOR ALL TO ${owner} USING (true)`,
      }
    }),
}

/** Those under which the owner, as far as that is known, reaches every row. */
function ownPolicies({ policies }: Schema, { name, owner }: Table): Policy[] {
  return [...policies.values()].filter(
    ({ table, roles, isPermissive, using }) =>
      table === name &&
      isPermissive &&
      asKind(using, 'A_Const')?.boolval?.boolval === true &&
      // Migrations that do not say whose it is may mean any role.
      (owner === undefined || roles.includes(EVERYBODY) || roles.includes(owner)),
  )
}
