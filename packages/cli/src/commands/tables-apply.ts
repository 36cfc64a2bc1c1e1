import { defined } from '@miyabi/core'
import type { TableProgress } from '@miyabi/dynamo'
import { withDynamo } from '../environment/with-dynamo.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print, say } from '../terminal/output.js'
import { printUnverifiable } from './tables-render.js'

export const applyTables = command({
  name: 'tables apply',
  purpose:
    'Creates the DynamoDB tables that are missing, and brings those that are there to their definitions, a step at a time. Refuses, before anything is changed, what would lose something.',
  options: {
    json: { type: 'boolean', description: 'Print one JSON object.' },
    replace: {
      type: 'string',
      valueHint: 'table,...',
      description: 'The tables, by their whole names, at which items, indexes or streams may be lost.',
    },
  },
  examples: [
    ['pnpm db:tables apply', 'on the server of DYNAMODB_ENDPOINT, else in the embedded stack'],
    ['NODE_ENV=production AWS_REGION=eu-central-1 pnpm db:tables apply', 'on AWS, with the credentials that AWS finds'],
    ['pnpm db:tables apply --replace MiyabiEvents', 'may delete that table, or an index of it'],
  ],
  run({ args }) {
    const replace = args.replace?.split(/[\s,]+/).filter((table) => table !== '')
    return withDynamo(async (dynamo, server) => {
      const { done, unverifiable } = await dynamo.tables.apply({
        ...defined({ replace }),
        onProgress: (progress) => say(describe(progress)),
      })
      if (args.json) print(JSON.stringify({ server, done, unverifiable }, undefined, 2))
      else {
        print(done.length > 0 ? `done: ${done.length} steps` : 'all as it should be')
        printUnverifiable(unverifiable)
      }
      return exitCode.clean
    })
  },
})

function describe({ table, says, waitedMs }: TableProgress): string {
  return `${table}: ${says}${waitedMs === undefined ? '' : ` (${Math.round(waitedMs / 1000)} s)`}`
}
