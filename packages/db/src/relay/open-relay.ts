import { DEFAULT_GRACE_MS, type Logger } from '@miyabi/core'
import type { DynamoOnDemand } from '@miyabi/dynamo/on-demand'
import type { Queries } from '@miyabi/postgres'
import type { CacheDoor } from '../cache/door.js'
import type { RelayOfProcess } from '../cache/home.js'
import type { Listener } from '../listen/listener.js'
import { isAllowed } from '../outbox/allowed.js'
import type { CommitSignal } from '../outbox/commit-signal.js'
import type { EffectDefinitions, NoEffects } from '../outbox/effects.js'
import { payloadFromText } from '../outbox/payload-text.js'
import { builtInTargets } from './built-in.js'
import { customTarget, type EffectHandler, type EffectHandlers } from './custom.js'
import type { Ask } from './leases.js'
import { checkedLimits, type RelayLimits } from './options.js'
import { OutboxRelay, type RelayDrained } from './relay.js'
import type { RelayStats } from './stats.js'
import { tagsTarget } from './tags.js'

/** Word of what was committed goes over this channel. */
export const OUTBOX_CHANNEL = 'miyabi_outbox'

const DRAIN_MS = 60_000
/** The store of the cache's tags, beside the processes themselves. */
const REDIS = 'Redis'

export interface RelayOptions<Effects = NoEffects> extends Partial<RelayLimits> {
  /** How the application's own effects are carried out, by their names. Those on DynamoDB need nothing. */
  readonly effects?: EffectHandlers<Effects> | undefined
}

/** Carries out what committed transactions have left in the outbox, from now on until it is closed. */
export interface Relay extends AsyncDisposable {
  /** The figures of the moment. Costs nothing. */
  stats(): RelayStats
  /** Whether `close()` was called. */
  readonly isClosed: boolean
  /**
   * Resolves when nothing is left that could be carried out now, by this relay or another; `drained: false` after the
   * time. Default 60,000 ms.
   */
  drain(options?: { readonly timeoutMs?: number }): Promise<RelayDrained>
  /**
   * Begins nothing more, and waits for what is on its way: up to `graceMs` (default 10,000), then it is cut, and
   * another relay carries it out again. Lets its partitions go. A second call gives the first one's promise, and may
   * shorten its wait.
   */
  close(graceMs?: number): Promise<RelayDrained>
}

/** What a relay is made of. */
export interface RelayHome {
  readonly service: Pick<Queries, 'query'>
  readonly dynamodb: DynamoOnDemand
  /** Where there is a line to other processes. */
  readonly listener: Listener | undefined
  readonly logger: Logger
  readonly definitions: EffectDefinitions
  /** Told of what this process commits. */
  readonly committed: CommitSignal
  /** Told of the tags that are raised. */
  readonly cache: CacheDoor
  /** Told when it has closed. */
  readonly onClosed: () => void
}

/** @throws {ConfigError} for options that cannot be. */
export function openRelay(home: RelayHome, options: RelayOptions<EffectDefinitions>): Relay {
  const { service, dynamodb, listener, logger, definitions, committed, cache, onClosed } = home
  const { effects = {}, ...limits } = options
  const checked = checkedLimits(limits)
  const handlers = Object.entries<EffectHandler<never> | undefined>(effects)
  const custom = handlers.flatMap(([name, handler]) =>
    handler ? [[name, customTarget(name, handler, definitions[name])] as const] : [],
  )
  const writer = dynamodb.events.writer()
  const ask: Ask = async <Row extends object>(text: string, values: readonly unknown[]) =>
    (await service.query<Row>(text, values)).rows
  const onDynamo = builtInTargets(dynamodb, writer)
  const targets = new Map([...custom, ...Object.entries(onDynamo), ['tags', tagsTarget(ask, cache)] as const])
  const relay = new OutboxRelay(
    {
      ask,
      // A version of before is its handler's to tell; a later one is a later relay's.
      find: ({ topic, version }) => (version <= versionOf(definitions, topic) ? targets.get(topic) : undefined),
      isAllowed: (row) =>
        row.actor === 'service' || isAllowed(definitions, { ...row, payload: payloadFromText(row.payload) }),
      stores: { ...Object.fromEntries(Object.keys(onDynamo).map((topic) => [topic, 'DynamoDB'])), tags: REDIS },
      topics: [...targets.keys()],
      isHearing: () => listener?.isHearing(OUTBOX_CHANNEL) ?? false,
      logger,
    },
    checked,
  )
  const wake = (): void => relay.wake()
  const ofProcess: RelayOfProcess = {
    get coverage() {
      return relay.isClosed ? undefined : relay.coverage
    },
    resume: () => relay.resume(REDIS),
  }
  const ends = [
    cache.addRelay(ofProcess),
    committed.listen(wake),
    listener?.listen(OUTBOX_CHANNEL, { heard: wake, changed: wake }),
  ]
  let closed: Promise<RelayDrained> | undefined
  return {
    stats: () => relay.stats(),
    get isClosed() {
      return relay.isClosed
    },
    drain: ({ timeoutMs = DRAIN_MS } = {}) => relay.drain(timeoutMs),
    close(graceMs = DEFAULT_GRACE_MS) {
      for (const end of ends.splice(0)) end?.()
      const answer = relay.close(graceMs)
      closed ??= answer.finally(() => writer.close(0)).finally(onClosed)
      return closed
    },
    async [Symbol.asyncDispose]() {
      await this.close()
    },
  }
}

const versionOf = (definitions: EffectDefinitions, topic: string): number =>
  (Object.hasOwn(definitions, topic) ? definitions[topic]?.version : undefined) ?? 1
