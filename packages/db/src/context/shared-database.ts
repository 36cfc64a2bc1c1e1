import { isDeepStrictEqual } from 'node:util'
import { warnOfSecondCopy } from '@miyabi/core'
import { PostgresError } from '@miyabi/postgres/on-demand'
import { closedHealth, readinessOf } from '../health/health.js'
import type { EffectDefinitions, NoEffects } from '../outbox/effects.js'
import { settingsFromEnv } from '../settings/from-env.js'
import type { DatabaseClosed } from './close-parts.js'
import { type Database, DatabaseContext } from './context.js'
import type { DatabaseObserver } from './observer.js'
import type { FromEnvOptions } from './options.js'
import { standingFor } from './shared-context.js'

/** In the global registry of symbols, so that a second evaluation of this file finds the same. */
const REGISTRY = Symbol.for('@miyabi/db.shared-databases')

/** An observer, and the function that ends it once it has started. */
interface Observation {
  readonly observer: DatabaseObserver
  end: (() => void) | undefined
}

/** A context, and what it was created from. */
interface Shared<Effects extends EffectDefinitions> {
  readonly madeOf: unknown
  readonly context: DatabaseContext<Effects>
}

/**
 * Returns the database of an application, for a module that everything else imports. It costs nothing until it is first
 * used: no setting is read and no connection is made. So a build (`next build`) and tools may load the module without a
 * database.
 *
 * A process has one context for one set of settings, no matter how often the module is evaluated, and in how many
 * bundles: hot reloads leave no pool behind.
 *
 * ```ts
 * export const db = sharedDatabase({ logger })
 * ```
 *
 * A missing or wrong setting is reported at first use: `ConfigError` `config.invalid`. After `close()` this database
 * stays closed; the next one created opens a new context.
 */
export function sharedDatabase<Effects extends EffectDefinitions = NoEffects>(
  options: FromEnvOptions<Effects> = {},
): Database<Effects> {
  let context: DatabaseContext<Effects> | undefined
  let isClosed = false
  /** An observer does not open it. */
  const observations = new Set<Observation>()

  const open = (): DatabaseContext<Effects> => {
    if (isClosed && !context) {
      throw new PostgresError('postgres.pool.closed', 'This database was closed before it was used')
    }
    if (context) return context
    context = sharedContext(options)
    for (const observation of observations) observation.end = context.observe(observation.observer)
    return context
  }
  const close = (graceMs?: number): Promise<DatabaseClosed> => {
    isClosed = true
    return context ? context.close(graceMs) : Promise.resolve({ drained: true })
  }

  const database: Database<Effects> = {
    get pg() {
      return open().pg
    },
    get dynamodb() {
      return open().dynamodb
    },
    get logger() {
      return open().logger
    },
    get streams() {
      return open().streams
    },
    as: (identity, scopeOptions) => open().as(identity, scopeOptions),
    asService: (scopeOptions) => open().asService(scopeOptions),
    transaction: async (work, transactionOptions) => open().transaction(work, transactionOptions),
    read: async (work, readOptions) => open().read(work, readOptions),
    healthCheck: async (checkOptions) =>
      isClosed && !context ? closedHealth(checkOptions) : open().healthCheck(checkOptions),
    ready: async (checkOptions) =>
      isClosed && !context ? readinessOf(await closedHealth(checkOptions)) : open().ready(checkOptions),
    live: () => context?.live() ?? !isClosed,
    stats: () => open().stats(),
    relay: (relayOptions) => open().relay(relayOptions),
    export: (identity, exportOptions) => open().export(identity, exportOptions),
    erase: async (identity, eraseOptions) => open().erase(identity, eraseOptions),
    eraseMarked: async (marks) => open().eraseMarked(marks),
    observe(observer) {
      const observation: Observation = { observer, end: context?.observe(observer) }
      observations.add(observation)
      return () => {
        observations.delete(observation)
        observation.end?.()
      }
    },
    get servers() {
      return open().servers
    },
    advisePoolSize: async (adviceOptions) => open().advisePoolSize(adviceOptions),
    close,
    get isClosed() {
      return context?.isClosed ?? isClosed
    },
    async [Symbol.asyncDispose]() {
      await close()
    },
  }
  return standingFor(database, () => context)
}

/** Returns the open context of these settings in this process, or a new one. */
function sharedContext<Effects extends EffectDefinitions>(options: FromEnvOptions<Effects>): DatabaseContext<Effects> {
  warnOfSecondCopy('@miyabi/db', import.meta.url)
  const holder = globalThis as { [REGISTRY]?: Shared<Effects>[] }
  const { settings, dynamodbUnavailable, announce } = settingsFromEnv(options)
  const { shards, retention, messages } = options.dynamodb ?? {}
  const { effects, tokenMaxAgeMs, replicas } = options
  const madeOf = { ...settings, shards, retention, messages, effects, tokenMaxAgeMs, replicas }
  const open = (holder[REGISTRY] ?? []).filter(({ context }) => !context.isClosed)
  const kept = open.find((shared) => isDeepStrictEqual(shared.madeOf, madeOf))
  if (kept) return kept.context
  announce()
  const context = DatabaseContext.create({ ...options, ...settings, dynamodbUnavailable })
  holder[REGISTRY] = [...open, { madeOf, context }]
  return context
}
