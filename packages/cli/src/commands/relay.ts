import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type LogFields, type Logger, MiyabiError } from '@miyabi/core'
import type { DatabaseContext, EffectDefinitions, EffectHandlers, RelayStats } from '@miyabi/db'
import { withDatabase } from '../environment/with-database.js'
import { exitCode } from '../terminal/exit-code.js'
import { untilInterrupted } from '../terminal/interrupted.js'
import { say } from '../terminal/output.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'

const DRAIN_MS = 600_000

export const relay = command({
  details: 'Runs until SIGTERM or Ctrl-C ends it. Any number of relays can run at the same time.',
  options: {
    once: { type: 'flag', description: 'Ends when nothing is left that can be delivered now.' },
    effects: {
      type: value.text('FILE'),
      description: "A module that exports the application's own `effects` and their `handlers`.",
    },
    'metrics-port': {
      type: value.wholeNumber(0, 65_535),
      description: 'Serves /metrics, `/livez` and `/readyz` on this port; 0 for any free one.',
    },
    'metrics-host': {
      type: value.text('ADDRESS'),
      default: '127.0.0.1',
      description: 'The address to listen on; 0.0.0.0 to accept other machines.',
    },
  },
  json: 'the figures, at the end,',
  examples: [
    ['miyabi relay --effects ./dist/effects.js', 'Runs in any number of processes.'],
    ['miyabi relay --metrics-port 9464 --metrics-host 0.0.0.0', 'Runs in a container that Prometheus reads.'],
    ['miyabi relay --once --json', 'Runs in a job, and prints the figures.'],
  ],
  findings: 'Effects became dead letters',
  more: 'docs/OUTBOX.md',
  async run({ args }) {
    const { effects, handlers } = args.effects === undefined ? {} : await effectsOf(args.effects)
    const port = args['metrics-port']
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
          say('the relay is running; SIGTERM or Ctrl-C ends it')
          await untilInterrupted((signal) => new Promise((resolve) => signal.addEventListener('abort', resolve)))
        }
        const stats = running.stats()
        const { drained } = await running.close()
        const code = sum(stats, 'dead') > 0 ? exitCode.findings : exitCode.clean
        return {
          code: !drained || isLeft ? exitCode.failed : code,
          json: { ...stats, drained },
          text: summary(stats),
        }
      },
      { logger, effects },
    )
  },
})

async function serve(db: DatabaseContext<EffectDefinitions>, port: number, host: string): Promise<AsyncDisposable> {
  const { serveMetrics } = await import('@miyabi/db/telemetry')
  const server = await serveMetrics(db, { port, host })
  say(`metrics: ${server.url}/metrics`)
  return server
}

/** The exports of a module of the application. */
interface EffectsModule {
  /** As returned by `defineEffects`. */
  readonly effects?: EffectDefinitions
  /** The handlers that deliver them. */
  readonly handlers?: EffectHandlers<EffectDefinitions>
}

async function effectsOf(file: string): Promise<EffectsModule> {
  const loaded = (await import(pathToFileURL(path.resolve(file)).href)) as EffectsModule
  if (loaded.effects && loaded.handlers) return loaded
  throw new MiyabiError('cli.no_effects', `${file} does not export both \`effects\` and \`handlers\``, {
    remedy: 'export what defineEffects returns, and { name: { handle } } for each',
  })
}

const sum = ({ topics }: RelayStats, what: 'delivered' | 'failed' | 'dead'): number =>
  Object.values(topics).reduce((total, counts) => total + counts[what], 0)

function summary(stats: RelayStats): string {
  return `${sum(stats, 'delivered')} delivered, ${sum(stats, 'failed')} failed attempts, ${sum(stats, 'dead')} to the dead letters`
}

const line = (_fields: LogFields, message: string): void => say(message)
const logger: Logger = { debug: () => {}, info: () => {}, warn: line, error: line }
