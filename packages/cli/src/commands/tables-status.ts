import { command } from '../command.js'
import { exitCode } from '../exit-code.js'
import { inColumns, print } from '../output.js'
import { withDynamo } from '../with-dynamo.js'

export const tablesStatus = command({
  name: 'tables status',
  purpose: 'Tells which of the DynamoDB tables are there. Ends with 2 when one is missing.',
  options: { json: { type: 'boolean', description: 'Print one JSON object.' } },
  examples: [
    ['pnpm db:tables status', 'a summary for people'],
    ['pnpm --silent db:tables status --json', 'the same for programs'],
  ],
  run({ args }) {
    return withDynamo(async (dynamo, server) => {
      const { tables, missing } = await dynamo.tables.status()
      if (args.json) print(JSON.stringify({ server, tables, missing }, undefined, 2))
      else print(inColumns(tables.map(({ table, status }) => [table, status.toLowerCase()])))
      return missing.length > 0 ? exitCode.findings : exitCode.clean
    })
  },
})
