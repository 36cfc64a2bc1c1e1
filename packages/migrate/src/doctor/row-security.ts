import type { DatabaseCheck } from './check.js'

/** The schema rules of `lint`, applied to the existing schema. */
export const rowSecurityCheck: DatabaseCheck = {
  name: 'rls',
  looksFor:
    'tables without row-level security or a policy for their owner, slow or recursive policies, grants to PUBLIC, security definers without a search path',
  async run(client) {
    const { schemaOfDatabase } = await import('../schema/from-database.js')
    const { schemaRules } = await import('../schema/rules/all.js')
    const schema = await schemaOfDatabase(client)
    return schemaRules.flatMap(({ name, check }) =>
      check(schema).map(({ object, problem, remedy }) => ({ check: `rls.${name}`, object, problem, remedy })),
    )
  },
}
