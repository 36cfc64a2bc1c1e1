/**
 * DynamoDB for a process that may not need it: its settings, and a client that loads the AWS SDK and ElectroDB with the
 * first call. Importing this loads neither.
 */
import type { DynamoDBClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-dynamodb'
import {
  addFollowingObserver,
  Closing,
  defined,
  isMiyabiError,
  Operations,
  orAborted,
  redactingLogger,
  safeCause,
  silentLogger,
} from '@miyabi/core'
import type { Command, HttpHandlerOptions } from '@smithy/types'
import type { Dynamo } from './dynamo.js'
import { closedError } from './errors/closed.js'
import { writerOnDemand } from './events/writer-on-demand.js'
import type { DynamoHealth } from './health/health.js'
import { createDynamoHooks } from './observe/dynamo-hooks.js'
import { checkedOptions, type DynamoOptions } from './options.js'
import type { DynamoSettings } from './settings/config.js'
import type { DynamoStats } from './stats.js'
import { readPaceMs } from './streams/client.js'
import { tableDefinitions } from './tables/definitions.js'

export {
  type AgentStateContent,
  type EffectChecks,
  type EventContent,
  effectChecks,
  type MessageContent,
} from './effects.js'
// One file for both, as each module that an import loads takes Node a millisecond.
export * from './names.js'
export { type DynamoSettings, dynamoSettings, parseDynamoSettings } from './settings/config.js'
export { unreadCredentials } from './settings/credentials.js'

/** Sends the AWS SDK's commands. */
export interface CommandClient {
  send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: Command<ServiceInputTypes, Input, ServiceOutputTypes, Output, DynamoDBClientResolvedConfig>,
    options?: HttpHandlerOptions,
  ): Promise<Output>
}

/** DynamoDB that loads the AWS SDK and ElectroDB with the first call. */
export interface DynamoOnDemand extends Omit<Dynamo, 'client'> {
  /** Sends the AWS SDK's commands, for operations that are not offered here; the deadline applies to them too. */
  readonly client: CommandClient
  /**
   * Loads them now, and returns DynamoDB with its complete client: for a server whose first request should be as fast
   * as the others, and for code that takes a `DynamoDBClient`.
   * @throws {DynamoInternalsError} if the installed SDK lacks a member that is used.
   * @throws {DynamoError} `dynamo.closed` after `close()`.
   */
  load(): Promise<Dynamo>
}

/**
 * Like `createDynamo`, except that the AWS SDK and ElectroDB, some 150 ms of CPU, are loaded by the first use: a call,
 * a health check, or `load()`. Calls made meanwhile wait for that, and their DYNAMODB_TIMEOUT begins when it is done.
 * @throws {DynamoInputError} for an invalid shard plan, retention or message option.
 */
export function dynamoOnDemand(settings: DynamoSettings, options: DynamoOptions = {}): DynamoOnDemand {
  checkedOptions(options)
  const tables = tableDefinitions.map(({ name }) => settings.tablePrefix + name)
  const hooks = createDynamoHooks(redactingLogger(options.logger ?? silentLogger))
  /** Work that waits for the SDK, until it ends. */
  const operations = new Operations()
  let loaded: Dynamo | undefined
  let loading: Promise<Dynamo> | undefined

  const open = async (): Promise<Dynamo> => {
    const { createDynamo } = await import('./dynamo.js')
    loaded = createDynamo(settings, options, hooks)
    return loaded
  }
  /** A call after a failure tries again. */
  const load = (): Promise<Dynamo> => {
    loading ??= open().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return loading
  }
  const begin = <T>(
    operation: string,
    signal: AbortSignal | undefined,
    work: (dynamo: Dynamo) => Promise<T>,
  ): Promise<T> => {
    if (loaded && !operations.isClosed) return work(loaded)
    return operations.begin(
      async () => work(await (signal ? orAborted(load(), signal) : load())),
      () => closedError(operation, tables),
    )
  }
  const closing = new Closing(async (grace) => {
    const isIdle = await operations.close(grace)
    // Nothing waits for a load in progress, and it ends without being stopped.
    if (!loaded) loading?.then((late) => late.close(0)).catch(() => {})
    const rest = await loaded?.close(grace.remainingMs)
    return { drained: isIdle && (rest?.drained ?? true) }
  })
  const close = (graceMs?: number): ReturnType<Dynamo['close']> => {
    const closed = closing.close(graceMs)
    void loaded?.close(graceMs) // a shorter grace period than before reaches it too
    return closed
  }

  return {
    load: () => begin('load', undefined, async (dynamo) => dynamo),
    client: {
      send: (command, sendOptions) =>
        begin('client.send', undefined, ({ client }) => client.send(command, sendOptions)),
    },
    events: {
      append: (...args) => begin('events.append', args[1]?.signal, ({ events }) => events.append(...args)),
      appendMany: (...args) => begin('events.appendMany', args[1]?.signal, ({ events }) => events.appendMany(...args)),
      writer: (writerOptions = {}) =>
        writerOnDemand(writerOptions, (signal, work) =>
          begin('events.writer.append', signal, ({ events }) => work(events)),
        ),
      get: (...args) => begin('events.get', args[2]?.signal, ({ events }) => events.get(...args)),
      byType: (...args) => begin('events.byType', args[1]?.signal, ({ events }) => events.byType(...args)),
      byUser: (...args) => begin('events.byUser', args[1]?.signal, ({ events }) => events.byUser(...args)),
      byRepository: (...args) =>
        begin('events.byRepository', args[1]?.signal, ({ events }) => events.byRepository(...args)),
    },
    agentState: {
      save: (...args) => begin('agentState.save', args[1]?.signal, ({ agentState }) => agentState.save(...args)),
      saveEffect: (...args) =>
        begin('agentState.saveEffect', args[1]?.signal, ({ agentState }) => agentState.saveEffect(...args)),
      restart: (...args) =>
        begin('agentState.restart', args[1]?.signal, ({ agentState }) => agentState.restart(...args)),
      current: (...args) =>
        begin('agentState.current', args[1]?.signal, ({ agentState }) => agentState.current(...args)),
      history: (...args) =>
        begin('agentState.history', args[1]?.signal, ({ agentState }) => agentState.history(...args)),
    },
    messages: {
      enqueue: (...args) => begin('messages.enqueue', args[1]?.signal, ({ messages }) => messages.enqueue(...args)),
      lease: (...args) => begin('messages.lease', args[1].signal, ({ messages }) => messages.lease(...args)),
      acknowledge: (...args) =>
        begin('messages.acknowledge', args[2]?.signal, ({ messages }) => messages.acknowledge(...args)),
      undelivered: (...args) =>
        begin('messages.undelivered', args[1]?.signal, ({ messages }) => messages.undelivered(...args)),
      queue: (...args) => begin('messages.queue', args[1]?.signal, ({ messages }) => messages.queue(...args)),
    },
    persons: {
      async *items(...args) {
        const { persons } = await begin('persons.items', args[1]?.signal, async (dynamo) => dynamo)
        yield* persons.items(...args)
      },
      erase: (...args) => begin('persons.erase', args[1]?.signal, ({ persons }) => persons.erase(...args)),
    },
    streams: {
      paceMs: readPaceMs(settings),
      current: (...args) => begin('streams.current', args[1]?.signal, ({ streams }) => streams.current(...args)),
      shards: (...args) => begin('streams.shards', args[1]?.signal, ({ streams }) => streams.shards(...args)),
      iterator: (...args) => begin('streams.iterator', args[1]?.signal, ({ streams }) => streams.iterator(...args)),
      parse: (...args) => begin('streams.parse', undefined, ({ streams }) => streams.parse(...args)),
      read: (...args) => begin('streams.read', args[2]?.signal, ({ streams }) => streams.read(...args)),
    },
    tables: {
      status: (...args) => begin('tables.status', args[0]?.signal, (dynamo) => dynamo.tables.status(...args)),
      plan: (...args) => begin('tables.plan', args[0]?.signal, (dynamo) => dynamo.tables.plan(...args)),
      apply: (...args) => begin('tables.apply', args[0]?.signal, (dynamo) => dynamo.tables.apply(...args)),
    },
    async health(healthOptions = {}) {
      try {
        return await begin('health', healthOptions.signal, (dynamo) => dynamo.health(healthOptions))
      } catch (error) {
        healthOptions.signal?.throwIfAborted()
        return downWith(error)
      }
    },
    observe: (observer) => addFollowingObserver(hooks, observer),
    stats: () => loaded?.stats() ?? unusedStats(settings),
    close,
    async [Symbol.asyncDispose]() {
      await close()
    },
  }
}

const unusedStats = ({ maxSockets }: DynamoSettings): DynamoStats => ({
  sockets: { max: maxSockets, active: 0, waiting: 0 },
  capacity: [],
  eventWriters: { open: 0, pending: 0 },
})

/** A health result for what prevents the SDK from being loaded or used. */
function downWith(error: unknown): DynamoHealth {
  if (!isMiyabiError(error)) return { status: 'down', latencyMs: 0, reason: safeCause(error).message }
  return { status: 'down', latencyMs: 0, reason: error.reason, ...defined({ remedy: error.remedy }) }
}
