import { constants } from 'node:os'
import { DEFAULT_GRACE_MS, type Logger, redactingLogger, safeCause, silentLogger, withDeadline } from '@miyabi/core'
import type { DatabaseClosed } from './context.js'
import { contextOf } from './shared-context.js'

export interface CloseOnSignalOptions {
  /** Default SIGTERM (an orchestrator's stop) and SIGINT (Ctrl-C). */
  readonly signals?: readonly NodeJS.Signals[]
  /** How long all of it may take before what is in flight is cut, in milliseconds. Default 10,000. */
  readonly graceMs?: number
  /**
   * Ends what uses the context, before that closes: a server that takes requests, a worker. Counts towards the grace
   * period.
   * @param closing aborts when three quarters of it are over: what would go on by itself, such as an open stream, is to
   *   be cut then, so that the context still closes well.
   */
  readonly first?: (closing: AbortSignal) => Promise<unknown>
  /** Default: says nothing. */
  readonly logger?: Logger
}

/** How much of the grace period passes before `first` is told that the rest of it is the context's. */
const FIRST_SHARE = 3 / 4

/** What a signal closes: a `DatabaseContext`, or what `sharedDatabase` gives. */
interface Closable {
  close(graceMs?: number): Promise<DatabaseClosed>
}

/** One context that signals are to close. */
interface Registered {
  readonly context: Closable
  readonly signals: readonly NodeJS.Signals[]
  readonly logger: Logger
  /** Resolves to whether all of it ended well. */
  end(signal: NodeJS.Signals): Promise<boolean>
}

/** All of a process, however often this file is evaluated in it. */
interface Registry {
  registered: readonly Registered[]
  readonly listeners: Map<NodeJS.Signals, () => void>
  isEnding: boolean
}

const REGISTRY = Symbol.for('@miyabi/db.close-on-signal')

function registryOfProcess(): Registry {
  const holder = globalThis as { [REGISTRY]?: Registry }
  holder[REGISTRY] ??= { registered: [], listeners: new Map(), isEnding: false }
  return holder[REGISTRY]
}

/**
 * Ends the process well when it is told to end: with the first signal `first` runs, then the context is closed, and the
 * process exits with 0, or with 1 where work in flight had to be cut. A second signal exits at once, with 128 + the
 * signal's number. Nothing else of the data layer listens to signals, and the process must not exit of itself on them
 * meanwhile.
 *
 * Called for several contexts, all of them are closed at the same time. Called again for one, as when its module is
 * loaded anew, the later call takes the place of the earlier one.
 *
 * @returns stops listening.
 */
export function closeOnSignal(context: Closable, options: CloseOnSignalOptions = {}): () => void {
  const { signals = ['SIGTERM', 'SIGINT'], graceMs = DEFAULT_GRACE_MS, first = async () => {} } = options
  const logger = redactingLogger(options.logger ?? silentLogger)
  const registry = registryOfProcess()
  const registration: Registered = {
    context,
    signals,
    logger,
    async end(signal) {
      logger.info({ event: 'db.signal', signal, graceMs }, `${signal}: closing within ${graceMs} ms`)
      const startedAt = performance.now()
      const closing = new AbortController()
      const timer = setTimeout(
        () => closing.abort(new Error(`${signal}: the context is about to close`)),
        graceMs * FIRST_SHARE,
      )
      const isDone = await settles(() => first(closing.signal), graceMs, logger)
      clearTimeout(timer)
      const { drained } = await context.close(Math.max(0, graceMs - (performance.now() - startedAt)))
      return isDone && drained
    },
  }
  setRegistered(registry, latestOf([...registry.registered, registration]))
  return () =>
    setRegistered(
      registry,
      registry.registered.filter((one) => one !== registration),
    )
}

/** Of each context the latest: which one `sharedDatabase` stands for is known once that was used. */
function latestOf(registered: readonly Registered[]): readonly Registered[] {
  const latest = new Map(registered.map((one) => [contextOf(one.context), one]))
  return [...latest.values()]
}

/** Listens to the signals of those that are registered, once to each. */
function setRegistered(registry: Registry, registered: readonly Registered[]): void {
  registry.registered = registered
  const { listeners } = registry
  const wanted = new Set(registered.flatMap(({ signals }) => signals))
  for (const [signal, listener] of listeners) {
    if (wanted.has(signal)) continue
    process.off(signal, listener)
    listeners.delete(signal)
  }
  for (const signal of wanted) {
    if (listeners.has(signal)) continue
    const listener = (): void => onSignal(registry, signal)
    listeners.set(signal, listener)
    process.on(signal, listener)
  }
}

function onSignal(registry: Registry, signal: NodeJS.Signals): void {
  const meant = latestOf(registry.registered).filter(({ signals }) => signals.includes(signal))
  if (registry.isEnding) {
    for (const { logger } of meant)
      logger.warn({ event: 'db.signal_forced', signal }, `${signal} again: exiting at once`)
    process.exit(128 + constants.signals[signal])
  }
  registry.isEnding = true
  void Promise.all(meant.map((one) => one.end(signal))).then((ended) => process.exit(ended.every(Boolean) ? 0 : 1))
}

/** Whether `work` succeeds in time; why it does not is logged. */
async function settles(work: () => Promise<unknown>, ms: number, logger: Logger): Promise<boolean> {
  try {
    await withDeadline({ ms, onTimeout: () => new Error(`it did not end within ${ms} ms`) }, async () => work())
    return true
  } catch (error) {
    const { message } = safeCause(error)
    logger.error({ event: 'db.signal_first_failed', error }, `what was to end first failed: ${message}`)
    return false
  }
}
