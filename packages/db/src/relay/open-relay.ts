import { DEFAULT_GRACE_MS, type Logger } from '@miyabi/core'
import type { DynamoOnDemand } from '@miyabi/dynamo/on-demand'
import type { Queries } from '@miyabi/postgres'
import type { CacheDoor } from '../cache/door.js'
import type { RelayOfProcess } from '../cache/home.js'
import { relayId } from '../cache/redis/relay-mark.js'
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

/** The channel for notifications of commits. */
export const OUTBOX_CHANNEL = 'miyabi_outbox'

const DRAIN_MS = 60_000
/** The store of the cache's tags, besides the processes themselves. */
const REDIS = 'Redis'

export interface RelayOptions<Effects = NoEffects> extends Partial<RelayLimits> {
  /** How the application's own effects are delivered, by name. Those on DynamoDB need no handler. */
  readonly effects?: EffectHandlers<Effects> | undefined
}

/** Delivers the effects that committed transactions left in the outbox, until it is closed. */
export interface Relay extends AsyncDisposable {
  /** Returns current statistics. Costs nothing. */
  stats(): RelayStats
  /** Whether `close()` was called. */
  readonly isClosed: boolean
  /**
   * Resolves when nothing is left that could be delivered now, by this relay or another; `drained: false` after the
   * time limit. Default 60,000 ms.
   */
  drain(options?: { readonly timeoutMs?: number }): Promise<RelayDrained>
  /**
   * Starts nothing more, and waits for work in flight: up to `graceMs` (default 10,000), then it is aborted, and
   * another relay delivers it again. Releases its partitions. A second call returns the first promise, and may shorten
   * its wait.
   */
  close(graceMs?: number): Promise<RelayDrained>
}

/** The dependencies of a relay. */
export interface RelayHome {
  readonly service: Pick<Queries, 'query'>
  readonly dynamodb: DynamoOnDemand
  /** Present if there is a connection to other processes. */
  readonly listener: Listener | undefined
  readonly logger: Logger
  readonly definitions: EffectDefinitions
  /** Notified of commits of this process. */
  readonly committed: CommitSignal
  /** Notified of raised tags. */
  readonly cache: CacheDoor
  /** Called when it has closed. */
  readonly onClosed: () => void
}

/** @throws {ConfigError} for invalid options. */
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
      id: relayId(cache.relayMark),
      // Its handler distinguishes an older version; a later version is left to a later relay.
      find: ({ topic, version }) => (version <= versionOf(definitions, topic) ? targets.get(topic) : undefined),
      isAllowed: (row) =>
        row.actor === 'service' || isAllowed(definitions, { ...row, payload: payloadFromText(row.payload) }),
      stores: { ...Object.fromEntries(Object.keys(onDynamo).map((topic) => [topic, 'DynamoDB'])), tags: REDIS },
      topics: [...targets.keys()],
      isHearing: () => !cache.hasRaised && (listener?.isHearing(OUTBOX_CHANNEL) ?? false),
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
