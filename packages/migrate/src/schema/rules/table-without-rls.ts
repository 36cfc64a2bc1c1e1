import { shortName } from '../../sql/names.js'
import { conventionsOf } from '../conventions.js'
import { MIGRATOR } from '../facts.js'
import type { SchemaRule } from './rule.js'

/** Prisma's own table, which row-level security would hide from Prisma. */
const HISTORY = /\._prisma_migrations$/

export const tableWithoutRls: SchemaRule = {
  name: 'table-without-rls',
  demand:
    'Row-level security is enabled on every table, and forced: without it a grant exposes every row to its grantee.',
  check: (schema) =>
    [...schema.tables.values()].flatMap(({ name, origin, rowSecurity, isForced }) => {
      if (HISTORY.test(name) || (rowSecurity && isForced)) return []
      const table = shortName(name)
      const [problem, clauses] = rowSecurity
        ? ['row-level security does not apply to its owner', ['FORCE']]
        : ['row-level security is off: a grant exposes every row', isForced ? ['ENABLE'] : ['ENABLE', 'FORCE']]
      const actions = clauses.map((clause) => `${clause} ROW LEVEL SECURITY`).join(', ')
      const isOpen = [...schema.policies.values()].some((policy) => policy.table === name && policy.command === 'all')
      // Without a policy it would then return no row to any role, its owner included.
      const policy = isOpen
        ? ''
        : `; CREATE POLICY owner_all ON ${table} FOR ALL TO ${conventionsOf(schema).owner ?? MIGRATOR} USING (true)`
      return { origin, object: table, problem, remedy: `ALTER TABLE ${table} ${actions}${policy}` }
    }),
}
