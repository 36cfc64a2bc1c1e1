import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type LogFields, type Logger, MiyabiError } from '@miyabi/core'
import type { DatabaseContext, EffectDefinitions, EffectHandlers, RelayStats } from '@miyabi/db'
import { withDatabase } from '../environment/with-database.js'
import { command, UsageError } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { untilInterrupted } from '../terminal/interrupted.js'
import { print, say } from '../terminal/output.js'

const DRAIN_MS = 600_000

export const relay = command({
  name: 'relay',
  purpose:
    'Carries out what committed transactions have left in the outbox, until it is told to end. Ends with 2 when rows went to the dead letters.',
  options: {
    once: { type: 'boolean', description: 'End when nothing is left that can be carried out now.' },
    effects: {
      type: 'string',
      description: "A module that exports the application's own `effects`, and their `handlers`.",
    },
    'metrics-port': { type: 'string', description: 'Serve metrics, /livez and /readyz on this port; 0 for any.' },
    'metrics-host': {
      type: 'string',
      description: 'The address for them. Default: 127.0.0.1; 0.0.0.0 where others are to read them.',
    },
    json: { type: 'boolean', description: 'Print the figures as one JSON object at the end.' },
  },
  examples: [
    ['miyabi relay --effects ./dist/effects.js', 'as many of them as you like, each in a process of its own'],
    ['miyabi relay --metrics-port 9464 --metrics-host 0.0.0.0', 'in a container that Prometheus reads'],
    ['miyabi --silent relay --once --json', 'in a job: what there is, and the figures'],
  ],
  async run({ args }) {
    const { effects, handlers } = args.effects === undefined ? {} : await effectsOf(args.effects)
    const port = portOf(args['metrics-port'])
    return withDatabase(
      async (db) => {
        const { restoreToResume } = await import('@miyabi/db')
        const held = await restoreToResume(db.asService())
        if (held) throw held
        await using _metrics = port === undefined ? undefined : await serve(db, port, args['metrics-host'])
        const running = db.relay({ effects: handlers })
        let isLeft = false
        if (args.once) isLeft = !(await running.drain({ timeoutMs: DRAIN_MS })).drained
        else {
          say('the relay works; SIGTERM or Ctrl-C ends it')
          await untilInterrupted((signal) => new Promise((resolve) => signal.addEventListener('abort', resolve)))
        }
        const stats = running.stats()
        const { drained } = await running.close()
        print(args.json ? JSON.stringify({ ...stats, drained }, undefined, 2) : summary(stats))
        if (!drained || isLeft) return exitCode.failed
        return sum(stats, 'dead') > 0 ? exitCode.findings : exitCode.clean
      },
      { logger, effects },
    )
  },
})

/** @throws {UsageError} for what is no port. */
function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new UsageError('`miyabi relay --metrics-port` wants a number from 0 to 65535', 'relay')
}

async function serve(
  db: DatabaseContext<EffectDefinitions>,
  port: number,
  host = '127.0.0.1',
): Promise<AsyncDisposable> {
  const { serveMetrics } = await import('@miyabi/db/telemetry')
  const server = await serveMetrics(db, { port, host })
  say(`metrics: ${server.url}/metrics`)
  return server
}

/** What a module exports that knows the application's effects. */
interface EffectsModule {
  /** As `defineEffects` makes them. */
  readonly effects?: EffectDefinitions
  /** How they are carried out. */
  readonly handlers?: EffectHandlers<EffectDefinitions>
}

async function effectsOf(file: string): Promise<EffectsModule> {
  const loaded = (await import(pathToFileURL(path.resolve(file)).href)) as EffectsModule
  if (loaded.effects && loaded.handlers) return loaded
  throw new MiyabiError('cli.no_effects', `${file} does not export both \`effects\` and \`handlers\``, {
    remedy: 'export what defineEffects makes, and { name: { handle } } of each',
  })
}

const sum = ({ topics }: RelayStats, what: 'delivered' | 'failed' | 'dead'): number =>
  Object.values(topics).reduce((total, counts) => total + counts[what], 0)

function summary(stats: RelayStats): string {
  return `${sum(stats, 'delivered')} delivered, ${sum(stats, 'failed')} failed attempts, ${sum(stats, 'dead')} to the dead letters`
}

const line = (_fields: LogFields, message: string): void => say(message)
const logger: Logger = { debug: () => {}, info: () => {}, warn: line, error: line }
