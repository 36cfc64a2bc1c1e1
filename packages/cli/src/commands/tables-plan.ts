import { withDynamo } from '../environment/with-dynamo.js'
import { exitCode } from '../terminal/exit-code.js'
import { command } from '../usage/command.js'
import { stepLines, unverifiableLines } from './tables-render.js'

export const planTables = command({
  details: 'Changes nothing.',
  json: 'one object, with the request of each step,',
  examples: [
    ['miyabi tables plan', 'Runs before a deployment.'],
    ['miyabi tables plan --json | jq ".steps[].request"', 'Prints the requests that would be sent.'],
  ],
  findings: 'There are changes to apply',
  more: 'packages/dynamo/README.md',
  busy: 'comparing the DynamoDB tables',
  run() {
    return withDynamo(async (dynamo, server) => {
      const { steps, unverifiable } = await dynamo.tables.plan()
      const lines = steps.length > 0 ? stepLines(steps) : ['nothing to do']
      return {
        code: steps.length > 0 ? exitCode.findings : exitCode.clean,
        json: { server, steps, unverifiable },
        text: [...lines, ...unverifiableLines(unverifiable)].join('\n'),
      }
    })
  },
})
