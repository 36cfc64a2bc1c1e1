import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type Logger, redactingLogger, silentLogger } from '@miyabi/core'
import { type AgentStates, bindAgentStates } from './agent-state/agent-states.js'
import { createDynamoDBClient } from './client.js'
import type { DynamoSettings } from './config.js'
import { bindEvents, type Events } from './events/events.js'
import { assertShardPlan, DAY_MS, defaultShardPlan, type ShardPlan } from './events/shards.js'
import { checkHealth, type DynamoHealth } from './health.js'
import { createIdSource } from './ids.js'
import { bindMessages, type Messages } from './messages/messages.js'
import { ownDocumentClient, type Store } from './store.js'
import { agentStateTable, eventsTable, messagesTable } from './tables/definitions.js'
import { bindTables, type Tables } from './tables/tables.js'

/** How long items are kept, in milliseconds. */
export interface Retention {
  /** Events, from their own time. Default 90 days. */
  readonly eventsMs: number
  /** An agent's current state, after it completed or failed. Default 7 days. */
  readonly endedAgentsMs: number
  /** A version of an agent's state, after it was written. Default 30 days. */
  readonly agentHistoryMs: number
  /** Messages, from their enqueueing. Default 24 hours. */
  readonly messagesMs: number
}

const defaultRetention: Retention = {
  eventsMs: 90 * DAY_MS,
  endedAgentsMs: 7 * DAY_MS,
  agentHistoryMs: 30 * DAY_MS,
  messagesMs: DAY_MS,
}

export interface DynamoOptions {
  /** Default: silent. */
  readonly logger?: Logger | undefined
  /** Into how many partitions events are spread. Default `defaultShardPlan`. */
  readonly shards?: ShardPlan | undefined
  readonly retention?: Partial<Retention> | undefined
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** DynamoDB with everything the product keeps in it. */
export interface Dynamo extends AsyncDisposable {
  /** The AWS SDK's client, for whatever is not offered here; the deadline holds for it too. */
  readonly client: DynamoDBClient
  readonly events: Events
  readonly agentState: AgentStates
  readonly messages: Messages
  readonly tables: Tables
  health(options?: { readonly signal?: AbortSignal | undefined }): Promise<DynamoHealth>
  /** Closes the connections. Calls on their way fail. */
  close(): Promise<void>
}

/**
 * Makes the client and binds the entities to their tables. Sends nothing.
 * @throws {DynamoInputError} for a shard plan that cannot be.
 */
export function createDynamo(settings: DynamoSettings, options: DynamoOptions = {}): Dynamo {
  const { shards = defaultShardPlan, now = Date.now } = options
  assertShardPlan(shards)
  const retention = { ...defaultRetention, ...options.retention }
  const logger = redactingLogger(options.logger ?? silentLogger)
  const client = createDynamoDBClient(settings, { logger })
  const store: Store = { document: ownDocumentClient(client), settings, now }
  const table = (definition: { readonly name: string }): string => settings.tablePrefix + definition.name
  const close = async (): Promise<void> => {
    client.destroy()
    logger.debug({ event: 'dynamo.closed' }, 'closed the DynamoDB client')
  }
  return {
    client,
    events: bindEvents(store, table(eventsTable), {
      plan: shards,
      retentionMs: retention.eventsMs,
      ids: createIdSource(now),
      now,
    }),
    agentState: bindAgentStates(store, table(agentStateTable), {
      endedMs: retention.endedAgentsMs,
      historyMs: retention.agentHistoryMs,
    }),
    messages: bindMessages(store, table(messagesTable), {
      ids: createIdSource(now),
      retentionMs: retention.messagesMs,
    }),
    tables: bindTables(client, settings.tablePrefix, logger),
    health: (healthOptions) => checkHealth(client, settings, healthOptions),
    close,
    [Symbol.asyncDispose]: close,
  }
}
