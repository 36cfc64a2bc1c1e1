import { createDynamo, parseDynamoSettings } from '@miyabi/dynamo'
import type { CheckGroup } from './group.js'

export const tablesGroup: CheckGroup = {
  name: 'tables',
  looksFor: 'DynamoDB tables that are missing or differ: keys, indexes, expiry, backups, protection, capacity',
  async run({ env }, signal) {
    await using dynamo = createDynamo(parseDynamoSettings(env))
    const { missing, steps } = await dynamo.tables.status({ signal })
    const differing = steps.filter(({ table }) => !missing.includes(table))
    return [
      ...missing.map((table) => ({
        check: 'tables.missing',
        object: table,
        problem: 'there is no such table',
        remedy: 'pnpm db:tables apply',
      })),
      ...differing.map(({ table, what, expected, found, destructive }) => ({
        check: 'tables.differs',
        object: table,
        problem: `${what}: expected ${expected}, found ${found}`,
        remedy: destructive ? 'pnpm db:tables plan says what would be lost' : 'pnpm db:tables apply',
      })),
    ]
  },
}
