import { constants } from 'node:os'
import { DEFAULT_GRACE_MS, type Logger, redactingLogger, safeCause, silentLogger, withDeadline } from '@miyabi/core'
import type { DatabaseClosed } from './close-parts.js'
import { contextOf } from './shared-context.js'

export interface CloseOnSignalOptions {
  /** Default SIGTERM (an orchestrator's stop) and SIGINT (Ctrl-C). */
  readonly signals?: readonly NodeJS.Signals[]
  /** How long closing may take before work in flight is aborted, in milliseconds. Default 10,000. */
  readonly graceMs?: number
  /**
   * Ends what uses the context, before the context closes: a server that accepts requests, a worker. Counts towards the
   * grace period.
   * @param closing aborts when three quarters of the grace period are over: end anything that would continue, such as
   * an open stream, so that the context can still close cleanly.
   */
  readonly first?: (closing: AbortSignal) => Promise<unknown>
  /** Default: silent. */
  readonly logger?: Logger
}

/** The share of the grace period after which `first` is told that the rest belongs to the context. */
const FIRST_SHARE = 3 / 4

/** What a signal closes: a `DatabaseContext`, or the result of `sharedDatabase`. */
interface Closable {
  close(graceMs?: number): Promise<DatabaseClosed>
}

/** One context that signals close. */
interface Registered {
  readonly context: Closable
  readonly signals: readonly NodeJS.Signals[]
  readonly logger: Logger
  /** Resolves to whether everything ended cleanly. */
  end(signal: NodeJS.Signals): Promise<boolean>
}

/** All contexts of a process, however often this file is evaluated in it. */
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
 * Ends the process gracefully when it is told to end: with the first signal `first` runs, then the context is closed,
 * and the process exits with 0, or with 1 if work in flight had to be aborted. A second signal exits immediately, with
 * 128 + the signal's number. Nothing else in the data layer listens to signals, and the process must not itself exit on
 * them meanwhile.
 *
 * If called for several contexts, all of them are closed concurrently. If called again for one, for example when its
 * module is reloaded, the later call replaces the earlier one.
 *
 * @returns a function that stops listening.
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

/** The latest for each context: which context `sharedDatabase` stands for is known once it was used. */
function latestOf(registered: readonly Registered[]): readonly Registered[] {
  const latest = new Map(registered.map((one) => [contextOf(one.context), one]))
  return [...latest.values()]
}

/** Listens to the signals of the registered contexts, once to each. */
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
      logger.warn({ event: 'db.signal_forced', signal }, `${signal} again: exiting immediately`)
    process.exit(128 + constants.signals[signal])
  }
  registry.isEnding = true
  void Promise.all(meant.map((one) => one.end(signal))).then((ended) => process.exit(ended.every(Boolean) ? 0 : 1))
}

/** Whether `work` succeeds in time; if not, the reason is logged. */
async function settles(work: () => Promise<unknown>, ms: number, logger: Logger): Promise<boolean> {
  try {
    await withDeadline({ ms, onTimeout: () => new Error(`it did not end within ${ms} ms`) }, async () => work())
    return true
  } catch (error) {
    const { message } = safeCause(error)
    logger.error({ event: 'db.signal_first_failed', error }, `work that had to end first failed: ${message}`)
    return false
  }
}
