import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { type NativeAttributeValue, unmarshall } from '@aws-sdk/util-dynamodb'
import { fullJitter, sleep } from '@miyabi/core'
import type { EntityItem } from 'electrodb'
import type { CallRecord } from '../call.js'
import { agentVersionEntity, type CurrentAgentStateEntity, currentAgentStateEntity } from '../entities/agent-state.js'
import { awsName, toDynamoError } from '../map-error.js'
import type { Page } from '../page.js'
import { assertKeyPart } from '../storable.js'
import { assertLimit, type CallerOptions, call, type Store, toSeconds } from '../store.js'
import { IllegalTransitionError, StaleAgentStateError } from './errors.js'
import { type HistoryRange, toVersionRange, versionCursor } from './history-range.js'
import {
  type AgentState,
  type AgentStatus,
  assertAgentState,
  canBegin,
  isTerminal,
  type NewAgentState,
  predecessorsOf,
  terminalStatuses,
} from './state.js'

/** The state of running agents. */
export interface AgentStates {
  /**
   * Saves a state that follows the one with `expectedVersion`: the current item and a version in the history, both or none.
   *
   * @throws {StaleAgentStateError} when somebody else saved in the meantime; it has the newer state.
   * @throws {IllegalTransitionError} when the status cannot follow the one before.
   */
  save(state: NewAgentState, options?: CallerOptions): Promise<AgentState>
  /**
   * Puts an agent that has completed or failed back to pending, with progress 0 and without an expiry.
   *
   * @throws {StaleAgentStateError}
   * @throws {IllegalTransitionError} when the agent has not ended.
   */
  restart(state: RestartedAgentState, options?: CallerOptions): Promise<AgentState>
  /** The current state in one strongly consistent read; undefined when there is none, or it has expired. */
  current(agentId: string, options?: CallerOptions): Promise<AgentState | undefined>
  /** The states an agent was in, the current one included. */
  history(agentId: string, range?: HistoryRange): Promise<Page<AgentState>>
}

/** What an agent begins anew with. */
export type RestartedAgentState = Pick<NewAgentState, 'agentId' | 'expectedVersion' | 'currentTask' | 'stateData'>

/** How long items are kept. */
export interface AgentStateRetention {
  /** The current item, after completed or failed. */
  readonly endedMs: number
  /** A version, after it was written. */
  readonly historyMs: number
}

const SCHEMA_VERSION = 1

export function bindAgentStates(store: Store, table: string, retention: AgentStateRetention): AgentStates {
  const current = currentAgentStateEntity(table)
  const versions = agentVersionEntity(table)
  current.setClient(store.document)
  versions.setClient(store.document)
  const isLive = (item: { readonly ttl?: number }): boolean =>
    item.ttl === undefined || item.ttl > toSeconds(store.now())

  /** Writes the state unless the stored one is not at the expected version, or its status is none of `from`. */
  async function write(
    operation: string,
    state: NewAgentState,
    from: readonly AgentStatus[],
    isRestart: boolean,
    signal: AbortSignal | undefined,
  ): Promise<AgentState> {
    const { agentId, status, expectedVersion } = state
    const now = store.now()
    const item = {
      agentId,
      status,
      progress: state.progress ?? (status === 'completed' ? 100 : 0),
      ...(state.currentTask === undefined ? {} : { currentTask: state.currentTask }),
      ...(state.stateData === undefined ? {} : { stateData: state.stateData }),
      updatedAt: now,
      version: Math.max(expectedVersion + 1, now),
      schemaVersion: SCHEMA_VERSION,
    }
    const put = current
      .put({ ...item, ...(isTerminal(status) ? { ttl: toSeconds(now + retention.endedMs) } : {}) })
      .where((stored, { eq, lte, notExists }) =>
        expectedVersion === 0
          ? `${notExists(stored.agentId)} OR ${lte(stored.ttl, toSeconds(now))}`
          : `${eq(stored.version, expectedVersion)} AND (${from.map((s) => eq(stored.status, s)).join(' OR ')})`,
      )
      .params<PutParameters>()
    const version = versions.put({ ...item, ttl: toSeconds(now + retention.historyMs) }).params<PutParameters>()
    return call(store, operation, table, signal, async (abortSignal, record) => {
      const stored = await transact(store, [put, version], abortSignal, record)
      if (stored === 'done') return toAgentState(item)
      const found = stored && current.parse({ Item: stored }).data
      const live = found && isLive(found) ? toAgentState(found) : undefined
      if (found && found.version === expectedVersion) {
        throw new IllegalTransitionError(agentId, found.status, status, isRestart)
      }
      throw new StaleAgentStateError(agentId, expectedVersion, live, record.possibleWrites > 0 ? 'unknown' : 'none')
    })
  }

  return {
    async save(state, { signal } = {}) {
      assertAgentState(state)
      if (state.expectedVersion === 0 && !canBegin(state.status)) {
        throw new IllegalTransitionError(state.agentId, undefined, state.status, false)
      }
      return write('agentState.save', state, predecessorsOf(state.status), false, signal)
    },

    async restart(restarted, { signal } = {}) {
      const state: NewAgentState = { ...restarted, status: 'pending', progress: 0 }
      assertAgentState(state)
      if (state.expectedVersion === 0) throw new IllegalTransitionError(state.agentId, undefined, 'pending', true)
      return write('agentState.restart', state, terminalStatuses, true, signal)
    },

    current: (agentId, { signal } = {}) =>
      call(store, 'agentState.current', table, signal, async (abortSignal) => {
        assertKeyPart(agentId, 'agentId')
        const { data } = await current.get({ agentId }).go({ consistent: true, abortSignal })
        return data && isLive(data) ? toAgentState(data) : undefined
      }),

    history: (agentId, options = {}) =>
      call(store, 'agentState.history', table, options.signal, async (abortSignal) => {
        assertKeyPart(agentId, 'agentId')
        const limit = assertLimit(options.limit ?? 50)
        const range = toVersionRange(agentId, options)
        if (range.low > range.high) return { items: [] }
        const items: AgentState[] = []
        let cursor: string | null = null
        do {
          const answer: { data: EntityItem<typeof versions>[]; cursor: string | null } = await versions.query
            .history({ agentId })
            .between({ version: range.low }, { version: range.high })
            // One more than asked tells whether there is a next page.
            .go({ order: range.order, limit: limit + 1 - items.length, cursor, abortSignal })
          items.push(...answer.data.filter(isLive).map(toAgentState))
          cursor = answer.cursor
        } while (cursor !== null && items.length <= limit)
        const page = items.slice(0, limit)
        const last = page.at(-1)
        return items.length > limit && last
          ? { items: page, cursor: versionCursor(range, last.version) }
          : { items: page }
      }),
  }
}

type AgentItem = Omit<EntityItem<CurrentAgentStateEntity>, 'ttl' | 'schemaVersion'>

interface PutParameters {
  readonly TableName: string
  readonly Item: Record<string, NativeAttributeValue>
}

/** The SDK never repeats a transaction that met another one or was cancelled, not even for throttling. */
const NEVER_RETRIED = new Set(['TransactionConflictException', 'TransactionCanceledException'])

/**
 * Makes both puts or none. `done`, or the stored item that does not fit the condition of the first (undefined when there is none).
 */
async function transact(
  store: Store,
  puts: readonly PutParameters[],
  abortSignal: AbortSignal,
  record: CallRecord,
): Promise<'done' | Record<string, NativeAttributeValue> | undefined> {
  const { maxAttempts, initialBackoffMs: initialMs, maxBackoffMs: maxMs } = store.settings
  const TransactItems = puts.map((Put) => ({
    Put: { ...Put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const },
  }))
  for (let retry = 0; ; retry++) {
    try {
      await store.document.send(new TransactWriteCommand({ TransactItems }), { abortSignal })
      return 'done'
    } catch (error) {
      const failure = toDynamoError(error, record)
      if (failure.code === 'dynamo.condition_failed') {
        const item = error instanceof TransactionCanceledException ? error.CancellationReasons?.[0]?.Item : undefined
        return item && unmarshall(item)
      }
      // Whatever else may pass, the SDK has tried again already.
      const isOurs = NEVER_RETRIED.has(awsName(error))
      if (!isOurs || !failure.retryable || retry + 1 >= maxAttempts) throw failure
      await sleep(fullJitter(retry, { initialMs, maxMs }), abortSignal)
    }
  }
}

function toAgentState(item: AgentItem): AgentState {
  return {
    agentId: item.agentId,
    status: item.status,
    progress: item.progress,
    ...(item.currentTask === undefined ? {} : { currentTask: item.currentTask }),
    stateData: (item.stateData ?? {}) as Record<string, unknown>,
    updatedAt: new Date(item.updatedAt),
    version: item.version,
  }
}
