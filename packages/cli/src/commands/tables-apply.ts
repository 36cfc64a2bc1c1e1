import { defined } from '@miyabi/core'
import type { TableProgress } from '@miyabi/dynamo'
import { withDynamo } from '../environment/with-dynamo.js'
import { exitCode } from '../terminal/exit-code.js'
import { say } from '../terminal/output.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'
import { unverifiableLines } from './tables-render.js'

export const applyTables = command({
  details: 'Works in steps. Refuses, before anything is changed, what would lose data.',
  options: {
    replace: {
      type: value.names('TABLE,...'),
      description: 'The full names of the tables that may lose items, indexes or streams.',
    },
  },
  json: 'one object',
  examples: [
    ['miyabi tables apply', 'Works on the server of DYNAMODB_ENDPOINT, else on the embedded stack.'],
    [
      'NODE_ENV=production AWS_REGION=eu-central-1 miyabi tables apply',
      'Works on AWS, with the credentials that the AWS SDK finds.',
    ],
    ['miyabi tables apply --replace MiyabiEvents', 'May delete that table, or an index of it.'],
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
