import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  addFollowingObserver,
  Closing,
  Operations,
  RetryBudget,
  redactingLogger,
  silentLogger,
  warnOfSecondCopy,
} from '@miyabi/core'
import { type AgentStates, bindAgentStates } from './agent-state/agent-states.js'
import { openClient } from './client/client.js'
import { countedClient } from './client/counted-client.js'
import { closedError } from './errors/closed.js'
import { eventShapes } from './events/event.js'
import { bindEvents, type Events } from './events/events.js'
import { MadeDays } from './events/made-days.js'
import type { DrainableWriter } from './events/writer.js'
import { checkHealth, type DynamoHealth } from './health/health.js'
import { ownDocumentClient } from './internals/aws-sdk.js'
import { checkedClock } from './items/clock.js'
import { createIdSource } from './items/ids.js'
import { OwnClock } from './items/own-clock.js'
import type { Store } from './items/store.js'
import { bindMessages, type Messages } from './messages/messages.js'
import { Waiters } from './messages/waiters.js'
import { createDynamoHooks, type DynamoHooks } from './observe/dynamo-hooks.js'
import type { DynamoObserver } from './observe/facts.js'
import { checkedOptions, type DynamoOptions } from './options.js'
import { bindPersons, type Persons } from './persons/persons.js'
import type { DynamoSettings } from './settings/config.js'
import type { DynamoStats, EventWriterStats } from './stats.js'
import { bindStreams, type Streams } from './streams/streams.js'
import { agentStateTable, eventsTable, messagesTable } from './tables/definitions.js'
import { bindTables, type Tables } from './tables/tables.js'

/** DynamoDB with everything the product stores in it. */
export interface Dynamo extends AsyncDisposable {
  /** The AWS SDK's client, for operations that are not offered here; the deadline applies to it too. */
  readonly client: DynamoDBClient
  readonly events: Events
  readonly agentState: AgentStates
  readonly messages: Messages
  /** All data of one person, in all tables. */
  readonly persons: Persons
  /** The change streams of events and agent states. */
  readonly streams: Streams
  readonly tables: Tables
  health(options?: { readonly signal?: AbortSignal | undefined }): Promise<DynamoHealth>
  /** Current connections, and the capacity consumed so far. Costs nothing. */
  stats(): DynamoStats
  /** Calls `observer` with every call and request from now on. Returns a function that stops it. */
  observe(observer: DynamoObserver): () => void
  /**
   * Accepts no more calls (`dynamo.closed`), including `tables` and requests of `client`, waits for those in flight and
   * for the events that writers have accepted, then closes the connections. A second call returns the same promise.
   * @param graceMs how long to wait, in milliseconds. Default 10,000.
   */
  close(graceMs?: number): Promise<{ readonly drained: boolean }>
}

/**
 * Creates the client and binds the entities to their tables. Sends nothing.
 * @param hooks default: its own. Passed when observers exist before it is created.
 * @throws {DynamoInputError} for an invalid shard plan, retention or message option.
 */
export function createDynamo(
  settings: DynamoSettings,
  options: DynamoOptions = {},
  hooks: DynamoHooks = createDynamoHooks(redactingLogger(options.logger ?? silentLogger)),
): Dynamo {
  warnOfSecondCopy('@miyabi/dynamo', import.meta.url)
  const { shards, retention, messages } = checkedOptions(options)
  const { retryBudget = new RetryBudget() } = options
  const clock = new OwnClock(checkedClock(options.now ?? (() => Date.now())), { isMachines: options.now === undefined })
  const now = () => clock.now()
  const logger = redactingLogger(options.logger ?? silentLogger)
  const { client, stats, end } = openClient(settings, {
    logger,
    retryBudget,
    hooks,
    onDate: (date) => clock.hear(date),
  })
  const operations = new Operations()
  const store: Store = { document: ownDocumentClient(client), settings, operations, hooks, retryBudget, now }
  const table = (definition: { readonly name: string }): string => settings.tablePrefix + definition.name
  const { destroy: destroyStreams, ...streams } = bindStreams(client, store, (from) =>
    table(from === 'events' ? eventsTable : agentStateTable),
  )
  const writers = new Set<DrainableWriter>()
  const waiters = new Waiters(options.wakes, () => closedError('messages.receive', [table(messagesTable)]))
  const closing = new Closing(async (grace) => {
    waiters.close()
    const ends = [...writers].map((writer) => writer.drain(grace))
    const drained = await Promise.all([...ends, operations.close(grace)])
    end()
    destroyStreams()
    logger.debug({ event: 'dynamo.closed' }, 'closed the DynamoDB client')
    return { drained: !drained.includes(false) }
  })
  return {
    client: countedClient(client, operations),
    events: bindEvents(
      store,
      table(eventsTable),
      {
        shapes: eventShapes,
        plan: shards,
        retentionMs: retention.eventsMs,
        ids: createIdSource(now),
        madeDays: new MadeDays(),
        now,
      },
      writers,
    ),
    agentState: bindAgentStates(store, table(agentStateTable), {
      endedMs: retention.endedAgentsMs,
      historyMs: retention.agentHistoryMs,
      receiptsMs: retention.receiptsMs,
    }),
    messages: bindMessages(store, table(messagesTable), {
      clock,
      waiters,
      limits: { ...messages, retentionMs: retention.messagesMs, receiptsMs: retention.receiptsMs },
    }),
    persons: bindPersons({ store, plan: shards }),
    streams,
    tables: bindTables(client, settings, { operations, logger }),
    health: (healthOptions) => checkHealth(client, settings, operations, healthOptions),
    stats: () => ({ ...stats(), eventWriters: writerStats(writers) }),
    observe: (observer) => addFollowingObserver(hooks, observer),
    close: (graceMs) => closing.close(graceMs),
    async [Symbol.asyncDispose]() {
      await closing.close()
    },
  }
}

const writerStats = (writers: ReadonlySet<DrainableWriter>): EventWriterStats => ({
  open: writers.size,
  pending: [...writers].reduce((sum, writer) => sum + writer.pending, 0),
})
