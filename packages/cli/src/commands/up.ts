import { command, UsageError } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { say } from '../terminal/output.js'
import { status } from './status.js'

export const up = command({
  name: 'up',
  purpose: 'Starts the embedded stack and keeps it up until `miyabi down`.',
  options: {
    replicas: {
      type: 'string',
      valueHint: 'N',
      description: 'Have so many standbys of PostgreSQL, 0 to 8. Default: those that it has.',
    },
    json: { type: 'boolean', description: 'Print one JSON object, as `miyabi status --json` does.' },
    'show-passwords': { type: 'boolean', description: 'Print the URLs with their passwords.' },
  },
  examples: [
    ['pnpm db:up', 'start PostgreSQL and DynamoDB; an app finds them by itself'],
    ['pnpm db:up --replicas 1', 'a standby beside it, to read from'],
    ['pnpm db:up --json | jq -r .dynamodb.endpoint', 'hand a URL to another program'],
  ],
  async run({ args, rawArgs }) {
    const replicas = countOf(args.replicas)
    const { holdStack, stackStatus } = await import('@miyabi/local')
    const before = await stackStatus()
    if (!before.running) say('starting the embedded stack ...')
    else if (before.held) say('the embedded stack is up already')
    if (replicas) say(`a base backup for ${replicas === 1 ? 'a replica' : `${replicas} replicas`} ...`)
    await holdStack({ replicas })
    await status.run(withoutReplicas(rawArgs))
    return exitCode.clean
  },
})

function countOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[0-8]$/.test(text)) return Number(text)
  throw new UsageError('`--replicas` wants a number from 0 to 8', 'up')
}

/** `status` takes what is left. */
function withoutReplicas(args: readonly string[]): string[] {
  const at = args.indexOf('--replicas')
  return args.filter((arg, index) => !arg.startsWith('--replicas=') && (at < 0 || (index !== at && index !== at + 1)))
}
