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
        problem: 'the table does not exist',
        remedy: 'run `miyabi tables apply`',
      })),
      ...differing.map(({ table, what, expected, found, destructive }) => ({
        check: 'tables.differs',
        object: table,
        problem: `${what}: expected ${expected}, found ${found}`,
        remedy: destructive ? 'run `miyabi tables plan` to see what would be lost' : 'run `miyabi tables apply`',
      })),
    ]
  },
}
