import { MIGRATOR_URLS, sleep } from '@miyabi/core'
import {
  type Keep,
  maintainPartitions,
  migrateSettings,
  migrationDatabaseUrl,
  NoDatabaseError,
  parseKeep,
  parseTarget,
  type Target,
} from '@miyabi/migrate'
import { commandEnvironment, stackUnlessSet } from '../environment/environment.js'
import { sayPostgres } from '../environment/server-name.js'
import { describeError } from '../terminal/describe-error.js'
import { errorFacts } from '../terminal/error-facts.js'
import { exitCode } from '../terminal/exit-code.js'
import { InterruptedError, untilInterrupted } from '../terminal/interrupted.js'
import { renderStep } from '../terminal/maintain-step.js'
import { print, printJson, say } from '../terminal/output.js'
import { command } from '../usage/command.js'
import type { Outcome } from '../usage/declaration.js'
import * as value from '../usage/values.js'

export const maintain = command({
  details: 'Drops nothing unless MAINTAIN_KEEP or --keep states how long the rows of a table are kept.',
  options: {
    ahead: { type: value.wholeNumber(0, 999), default: '3', description: 'Number of future months to create.' },
    keep: {
      type: value.text('TABLE=AGE,...'),
      description: 'How long rows are kept, by table: logs=90d,usage_events=13months. Default: MAINTAIN_KEEP.',
    },
    'dry-run': { type: 'flag', description: 'Shows what would be done, and changes nothing.' },
    force: {
      type: 'flag',
      description: 'Also drops months of usage whose sums differ from their events, and names the differences.',
    },
    every: { type: value.interval, description: 'Keeps running, and repeats after this long: 1h, 30m.' },
  },
  json: 'one object (with --every one per line)',
  examples: [
    ['miyabi maintain --dry-run --keep logs=90d', 'Shows what would be dropped.'],
    ['miyabi maintain --keep logs=90d,usage_events=13months', 'Runs in a job, once a day or a month.'],
    ['miyabi maintain --every 1h', 'Runs as a separate process, with MAINTAIN_KEEP.'],
  ],
  findings: 'A month of usage was kept, because its sums differ from its events',
  more: 'docs/DATABASE_DESIGN.md#maintenance',
  busy: 'maintaining the partitions',
  async run({ args: { every, ahead, force, json, ...args } }) {
    const environment = commandEnvironment()
    const kept = args.keep ?? migrateSettings.parse(environment.env).MAINTAIN_KEEP
    const keep = kept === undefined ? {} : parseKeep(kept)
    await using stack = await stackUnlessSet(environment, MIGRATOR_URLS)
    const url = stack?.descriptor.postgres.directDatabaseUrl ?? migrationDatabaseUrl(environment.root, environment.env)
    if (url === undefined) throw new NoDatabaseError('maintain', environment.env)
    const database = parseTarget(url)
    sayPostgres(database, stack)
    const options = { ahead, keep, dryRun: args['dry-run'], force, json }
    return await untilInterrupted((signal) =>
      every === undefined ? once(database, options, signal) : repeatedly(database, options, every, signal),
    )
  },
})

interface Options {
  readonly ahead: number
  readonly keep: Keep
  readonly dryRun: boolean
  readonly force: boolean
  readonly json: boolean
}

async function once(database: Target, { json, ...options }: Options, signal: AbortSignal): Promise<Outcome> {
  const steps = await maintainPartitions({
    database,
    ...options,
    signal,
    // A month takes time, so each is reported when it is done.
    onStep: (step) => json || print(renderStep(step, options.dryRun)),
  })
  return {
    code: steps.some(({ kind }) => kind === 'kept') ? exitCode.findings : exitCode.clean,
    json: { at: new Date(), dryRun: options.dryRun, steps },
    text: steps.length === 0 ? 'nothing to do' : undefined,
  }
}

/** Repeats until it is ended. Failures are retried the next time. */
async function repeatedly(database: Target, options: Options, everyMs: number, signal: AbortSignal): Promise<Outcome> {
  while (!signal.aborted) {
    try {
      const { json, text } = await once(database, options, signal)
      if (options.json) printJson(json, 0)
      else if (text !== undefined) print(text)
    } catch (error) {
      if (error instanceof InterruptedError) break
      if (options.json) printJson({ error: errorFacts(error) }, 0)
      say(describeError(error))
    }
    await sleep(everyMs, signal).catch(() => {})
  }
  return { code: exitCode.clean, json: undefined }
}
