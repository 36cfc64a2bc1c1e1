import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import path from 'node:path'
import { DatabaseContext } from '@miyabi/db'
import { observe } from '@miyabi/db/telemetry'
import { boot } from './boot.js'
import { prepare } from './prepare.js'
import { pool } from './steps/1-pool.js'
import { dynamodb } from './steps/2-dynamodb.js'
import { webhooks } from './steps/3-webhooks.js'
import { health } from './steps/4-health.js'
import { queries } from './steps/5-queries.js'
import { identity } from './steps/6-identity.js'
import { agent } from './steps/7-agent.js'
import { figures } from './steps/8-figures.js'
import { reconnect } from './steps/9-reconnect.js'
import { describeError } from './terminal/describe-error.js'
import { bold, dim, duration, heading, print, say, sayWarnings, timed } from './terminal/print.js'
import { root } from './workspace.js'

const steps = [
  ['The pool and its settings', pool],
  ['The DynamoDB client and its tables', dynamodb],
  ["GitHub's webhooks, received and read back", webhooks],
  ['One context and its health', health],
  ['Joins and aggregates', queries],
  ['Two users, one query', identity],
  ["An agent's life cycle, and its messages", agent],
  ['Statistics of the pool and of both stores', figures],
  ['A connection that breaks, and the next one', reconnect],
] as const

async function run(signal: AbortSignal): Promise<void> {
  const envFile = path.join(root, '.env')
  if (existsSync(envFile)) process.loadEnvFile(envFile) // existing variables take precedence
  const logger = sayWarnings()
  const { env, stack } = await boot(process.env, logger, signal)
  // In the order of creation; they are closed in reverse, also when a step throws.
  await using _stack = stack
  await using db = await DatabaseContext.fromEnv({ env, logger })
  using telemetry = observe(db) // from the start: it counts what it observes
  await prepare(db, env, signal)
  for (const [index, [title, step]] of steps.entries()) {
    signal.throwIfAborted()
    heading(`${index + 1}. ${title}`)
    const { ms } = await timed(() => step(db, env, telemetry))
    say(dim(`took ${duration(ms)}`))
  }
}

/** Ctrl-C and similar signals end the demo after the current step, and close everything. */
const interrupt = new AbortController()
let received: NodeJS.Signals | undefined
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    received ??= name
    interrupt.abort()
  })
}

try {
  print(bold('Miyabi DB'))
  const { ms } = await timed(() => run(interrupt.signal))
  print(`\nDone in ${duration(ms)}. Run it again: it adds nothing.`)
} catch (error) {
  process.exitCode = received === undefined ? 1 : 128 + constants.signals[received]
  process.stderr.write(received === undefined ? `${describeError(error)}\n` : 'interrupted\n')
}
