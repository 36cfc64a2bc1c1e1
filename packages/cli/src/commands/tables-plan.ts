import { withDynamo } from '../environment/with-dynamo.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print } from '../terminal/output.js'
import { printUnverifiable, renderSteps } from './tables-render.js'

export const planTables = command({
  name: 'tables plan',
  purpose: 'Tells what `tables apply` would do. Changes nothing. Ends with 2 when there is something to do.',
  options: { json: { type: 'boolean', description: 'Print one JSON object, with the request of each step.' } },
  examples: [
    ['pnpm db:tables plan', 'before a deployment'],
    ['pnpm --silent db:tables plan --json | jq .steps[].request', 'what would be sent'],
  ],
  run({ args }) {
    return withDynamo(async (dynamo, server) => {
      const { steps, unverifiable } = await dynamo.tables.plan()
      if (args.json) print(JSON.stringify({ server, steps, unverifiable }, undefined, 2))
      else {
        print(steps.length > 0 ? renderSteps(steps) : 'nothing to do')
        printUnverifiable(unverifiable)
      }
      return steps.length > 0 ? exitCode.findings : exitCode.clean
    })
  },
})
