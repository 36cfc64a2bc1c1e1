import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { say } from '../terminal/output.js'
import { status } from './status.js'

export const up = command({
  name: 'up',
  purpose: 'Starts the embedded stack and keeps it up until `miyabi down`.',
  options: {
    json: { type: 'boolean', description: 'Print one JSON object, as `miyabi status --json` does.' },
    'show-passwords': { type: 'boolean', description: 'Print the URLs with their passwords.' },
  },
  examples: [
    ['pnpm db:up', 'start PostgreSQL and DynamoDB; an app finds them by itself'],
    ['pnpm db:up --json | jq -r .dynamodb.endpoint', 'hand a URL to another program'],
  ],
  async run({ rawArgs }) {
    const { holdStack, stackStatus } = await import('@miyabi/local')
    const before = await stackStatus()
    if (!before.running) say('starting the embedded stack ...')
    else if (before.held) say('the embedded stack is up already')
    await holdStack()
    await status.run(rawArgs)
    return exitCode.clean
  },
})
