import { withDynamo } from '../environment/with-dynamo.js'
import { exitCode } from '../terminal/exit-code.js'
import { resultWidth } from '../terminal/output.js'
import { definitions } from '../terminal/table.js'
import { command } from '../usage/command.js'
import { unverifiableLines } from './tables-render.js'

export const tablesStatus = command({
  json: 'one object',
  examples: [
    ['miyabi tables status', 'Prints a summary.'],
    ['miyabi tables status --json | jq .missing', 'Prints the missing tables for a program.'],
  ],
  findings: 'A table is missing or differs',
  more: 'packages/dynamo/README.md',
  busy: 'reading the DynamoDB tables',
  run() {
    return withDynamo(async (dynamo, server) => {
      const { tables, missing, steps, unverifiable } = await dynamo.tables.status()
      const differences = steps.map(({ table, what, expected, found }) => ({ table, what, expected, found }))
      const lines = differences
        .filter(({ table }) => !missing.includes(table))
        .map(({ table, what, expected, found }) => `${table}, ${what}: expected ${expected}; found ${found}`)
      const next = '`miyabi tables plan` shows the steps, `miyabi tables apply` runs them.'
      return {
        code: steps.length > 0 ? exitCode.findings : exitCode.clean,
        json: { server, tables, missing, differences, unverifiable },
        text: [
          definitions(
            tables.map(({ table, status }) => [table, status.toLowerCase()]),
            resultWidth(),
          ),
          ...new Set(lines), // several steps may fix one difference
          ...(steps.length > 0 ? [next] : []),
          ...unverifiableLines(unverifiable),
        ].join('\n'),
      }
    })
  },
})
