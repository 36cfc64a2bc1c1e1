import { shortName } from '../../sql/names.js'
import type { SchemaRule } from './rule.js'

/** Prisma's own, which row-level security would hide from Prisma. */
const HISTORY = /\._prisma_migrations$/

export const tableWithoutRls: SchemaRule = {
  name: 'table-without-rls',
  demand:
    'Row-level security is enabled on every table, and forced: without it a grant shows every row to whoever holds it.',
  check: ({ tables }) =>
    [...tables.values()].flatMap(({ name, origin, rowSecurity, isForced }) => {
      if (HISTORY.test(name) || (rowSecurity && isForced)) return []
      const table = shortName(name)
      const [problem, clauses] = rowSecurity
        ? ['row-level security does not hold for its owner', ['FORCE']]
        : ['row-level security is off: a grant shows every row', isForced ? ['ENABLE'] : ['ENABLE', 'FORCE']]
      const actions = clauses.map((clause) => `${clause} ROW LEVEL SECURITY`).join(', ')
      const policies = rowSecurity ? '' : '; without a policy it then shows no row to anybody'
      return { origin, object: table, problem, remedy: `ALTER TABLE ${table} ${actions}${policies}` }
    }),
}
