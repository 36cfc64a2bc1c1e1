import type { TableResult } from '@miyabi/dynamo'
import { command } from '../command.js'
import { exitCode } from '../exit-code.js'
import { inColumns, print } from '../output.js'
import { withDynamo } from '../with-dynamo.js'

export const createTables = command({
  name: 'tables create',
  purpose:
    'Creates the DynamoDB tables that are missing, and switches expiry and point-in-time recovery on. Alters nothing else.',
  options: { json: { type: 'boolean', description: 'Print one JSON object.' } },
  examples: [
    ['pnpm db:tables create', 'on the server of DYNAMODB_ENDPOINT, else in the embedded stack'],
    [
      'NODE_ENV=production AWS_REGION=eu-central-1 pnpm db:tables create',
      'on AWS, with the credentials that AWS finds',
    ],
  ],
  run({ args }) {
    return withDynamo(async (dynamo, server) => {
      const tables = await dynamo.tables.create()
      if (args.json) print(JSON.stringify({ server, tables }, undefined, 2))
      else print(inColumns(tables.map((result) => [result.table, describe(result)])))
      return exitCode.clean
    })
  },
})

function describe({ result, ttl, pointInTimeRecovery, deletionProtection, autoScaling }: TableResult): string {
  return [
    result,
    `expiry ${ttl}`,
    `point-in-time recovery ${pointInTimeRecovery}`,
    `deletion protection ${deletionProtection}`,
    ...(autoScaling === 'none' ? [] : [`auto scaling ${autoScaling}`]),
  ].join(', ')
}
