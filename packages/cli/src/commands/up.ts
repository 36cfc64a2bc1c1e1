import { exitCode } from '../terminal/exit-code.js'
import { say } from '../terminal/output.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'
import { currentStatus, showPasswords } from './status.js'

export const up = command({
  details: 'Applications and commands of this folder find it automatically.',
  options: {
    replicas: {
      type: value.wholeNumber(0, 8),
      description: 'Number of PostgreSQL standbys, 0 to 8. Default: unchanged.',
    },
    'show-passwords': showPasswords,
  },
  json: 'one object, as `miyabi status --json` does,',
  examples: [
    ['miyabi up', 'Starts PostgreSQL and DynamoDB.'],
    ['miyabi up --replicas 1', 'Adds a standby to read from.'],
    ['miyabi up --json | jq -r .dynamodb.endpoint', 'Prints a URL for another program.'],
  ],
  more: 'docs/DATABASE_SETUP_GUIDE.md',
  async run({ args: { replicas, 'show-passwords': isShown }, progress }) {
    const { holdStack, stackStatus } = await import('@miyabi/local')
    const before = await stackStatus()
    if (!before.running) progress.step('starting the embedded stack')
    else if (before.held) say('the embedded stack is already up')
    if (replicas) progress.step(`taking a base backup for ${replicas === 1 ? '1 replica' : `${replicas} replicas`}`)
    await holdStack({ replicas })
    return { ...(await currentStatus({ showPasswords: isShown })), code: exitCode.clean }
  },
})
