import { defined } from '@miyabi/core'
import type { TableProgress } from '@miyabi/dynamo'
import { withDynamo } from '../environment/with-dynamo.js'
import { exitCode } from '../terminal/exit-code.js'
import { say } from '../terminal/output.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'
import { unverifiableLines } from './tables-render.js'

export const applyTables = command({
  details: 'Works in steps. Before it changes anything, it refuses steps that would lose data.',
  options: {
    replace: {
      type: value.names('TABLE,...'),
      description: 'The full names of the tables that may lose items, indexes or streams.',
    },
  },
  json: 'one object',
  examples: [
    ['miyabi tables apply', 'Uses the server of DYNAMODB_ENDPOINT, else the embedded stack.'],
    [
      'NODE_ENV=production AWS_REGION=eu-central-1 miyabi tables apply',
      'Uses AWS, with the credentials that the AWS SDK finds.',
    ],
    ['miyabi tables apply --replace MiyabiEvents', 'Allows deleting that table or its indexes.'],
  ],
  more: 'packages/dynamo/README.md',
  busy: 'comparing the DynamoDB tables',
  run({ args: { replace } }) {
    return withDynamo(async (dynamo, server) => {
      const { done, unverifiable } = await dynamo.tables.apply({
        ...defined({ replace }),
        onProgress: (progress) => say(describe(progress)),
      })
      const sum = done.length > 0 ? `done: ${done.length} steps` : 'nothing to do'
      return {
        code: exitCode.clean,
        json: { server, done, unverifiable },
        text: [sum, ...unverifiableLines(unverifiable)].join('\n'),
      }
    })
  },
})

function describe({ table, says, waitedMs }: TableProgress): string {
  return `${table}: ${says}${waitedMs === undefined ? '' : ` (${Math.round(waitedMs / 1000)} s)`}`
}
