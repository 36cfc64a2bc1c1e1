import { withDynamo } from '../environment/with-dynamo.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { inColumns, print } from '../terminal/output.js'
import { printUnverifiable } from './tables-render.js'

export const tablesStatus = command({
  name: 'tables status',
  purpose:
    'Tells which of the DynamoDB tables are there, and in what they differ. Ends with 2 when one is missing or differs.',
  options: { json: { type: 'boolean', description: 'Print one JSON object.' } },
  examples: [
    ['pnpm db:tables status', 'a summary for people'],
    ['pnpm --silent db:tables status --json', 'the same for programs'],
  ],
  run({ args }) {
    return withDynamo(async (dynamo, server) => {
      const { tables, missing, steps, unverifiable } = await dynamo.tables.status()
      const differences = steps.map(({ table, what, expected, found }) => ({ table, what, expected, found }))
      if (args.json) print(JSON.stringify({ server, tables, missing, differences, unverifiable }, undefined, 2))
      else {
        print(inColumns(tables.map(({ table, status }) => [table, status.toLowerCase()])))
        const differing = differences.filter(({ table }) => !missing.includes(table))
        const lines = differing.map(
          ({ table, what, expected, found }) => `${table}, ${what}: expected ${expected}; found ${found}`,
        )
        for (const line of new Set(lines)) print(line) // several steps may mend one difference
        if (steps.length > 0) print('`pnpm db:tables plan` says what it takes, `pnpm db:tables apply` does it.')
        printUnverifiable(unverifiable)
      }
      return steps.length > 0 ? exitCode.findings : exitCode.clean
    })
  },
})
