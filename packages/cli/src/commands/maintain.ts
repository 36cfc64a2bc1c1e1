import { MIGRATOR_URLS, sleep } from '@miyabi/core'
import {
  type Keep,
  maintainPartitions,
  migrateSettings,
  migrationDatabaseUrl,
  NoDatabaseError,
  type PartitionStep,
  parseKeep,
  parseTarget,
  type Target,
} from '@miyabi/migrate'
import { commandEnvironment, stackUnlessSet } from '../environment/environment.js'
import { serverName } from '../environment/server-name.js'
import { command, UsageError } from '../terminal/command.js'
import { describeError } from '../terminal/describe-error.js'
import { exitCode } from '../terminal/exit-code.js'
import { InterruptedError, untilInterrupted } from '../terminal/interrupted.js'
import { renderStep } from '../terminal/maintain-step.js'
import { print, say } from '../terminal/output.js'

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

export const maintain = command({
  name: 'maintain',
  purpose:
    'Makes the months ahead of the tables by month, and drops those that are older than their rows are kept: none, unless MAINTAIN_KEEP or --keep says how long. Ends with 2 when a month of usage was kept, as its sums are not those of its events.',
  options: {
    ahead: { type: 'string', default: '3', description: 'How many months are to be there after this one.' },
    keep: {
      type: 'string',
      description: 'How long rows are kept, by table: logs=90d,usage_events=13months. Default: MAINTAIN_KEEP.',
    },
    'dry-run': { type: 'boolean', description: 'Change nothing, and say what would be done.' },
    force: {
      type: 'boolean',
      description: 'Drop months of usage whose sums are not those of their events, too, and name the differences.',
    },
    every: { type: 'string', description: 'Go on, and do it again after so long: 1h, 30m.' },
    json: { type: 'boolean', description: 'Print one JSON object; with --every one a line.' },
  },
  examples: [
    ['pnpm db:maintain --dry-run --keep logs=90d', 'what would go'],
    ['pnpm db:maintain --keep logs=90d,usage_events=13months', 'in a job, once a day or a month'],
    ['pnpm db:maintain --every 1h', 'as a process of its own, with MAINTAIN_KEEP'],
  ],
  async run({ args }) {
    const everyMs = args.every === undefined ? undefined : durationOf(args.every)
    if (!/^\d{1,3}$/.test(args.ahead)) throw new UsageError('--ahead expects a number of months', 'maintain')
    const environment = commandEnvironment()
    const kept = args.keep ?? migrateSettings.parse(environment.env).MAINTAIN_KEEP
    const keep = kept === undefined ? {} : parseKeep(kept)
    await using stack = await stackUnlessSet(environment, MIGRATOR_URLS)
    const url = stack?.descriptor.postgres.directDatabaseUrl ?? migrationDatabaseUrl(environment.root, environment.env)
    if (url === undefined) throw new NoDatabaseError('maintain', environment.env)
    const database = parseTarget(url)
    say(stack ? "the embedded stack's PostgreSQL" : `PostgreSQL: ${serverName(database)}`)
    const options = {
      ahead: Number(args.ahead),
      keep,
      dryRun: Boolean(args['dry-run']),
      force: Boolean(args.force),
      json: Boolean(args.json),
    }
    return await untilInterrupted((signal) =>
      everyMs === undefined ? once(database, options, signal) : again(database, options, everyMs, signal),
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

async function once(database: Target, options: Options, signal: AbortSignal, indent = 2): Promise<number> {
  const { json, ...rest } = options
  const show = (step: PartitionStep): void => {
    if (!json) print(renderStep(step, rest.dryRun))
  }
  const steps = await maintainPartitions({ database, ...rest, signal, onStep: show })
  if (json) print(JSON.stringify({ at: new Date(), dryRun: rest.dryRun, steps }, undefined, indent))
  else if (steps.length === 0) print('nothing to do')
  return steps.some(({ kind }) => kind === 'kept') ? exitCode.findings : exitCode.clean
}

/** Until it is told to end. What fails is tried again the next time. */
async function again(database: Target, options: Options, everyMs: number, signal: AbortSignal): Promise<number> {
  while (!signal.aborted) {
    try {
      await once(database, options, signal, 0)
    } catch (error) {
      if (error instanceof InterruptedError) break
      say(describeError(error))
    }
    await sleep(everyMs, signal).catch(() => {})
  }
  return exitCode.clean
}

/** @throws {UsageError} */
function durationOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const ms = Number(count) * (UNITS[unit as keyof typeof UNITS] ?? 0)
  // A timer of Node takes no more than this.
  if (ms >= 1000 && ms < 2 ** 31) return ms
  throw new UsageError('--every expects a time from 1s to 24d, such as 1h', 'maintain')
}
