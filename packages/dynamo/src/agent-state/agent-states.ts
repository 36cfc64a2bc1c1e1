import { randomUUID } from 'node:crypto'
import type { Page } from '../items/page.js'
import { assertKeyPart } from '../items/storable.js'
import { type CallerOptions, call, type Store, toSeconds } from '../items/store.js'
import { agentShapes, agentVersionEntity, currentAgentStateEntity } from './entity.js'
import { IllegalTransitionError, StaleAgentStateError } from './errors.js'
import { readHistory } from './history.js'
import type { HistoryRange } from './history-range.js'
import {
  type AgentState,
  type AgentStatus,
  canBegin,
  checkAgentState,
  isTerminal,
  type NewAgentState,
  predecessorsOf,
  terminalStatuses,
  toAgentState,
} from './state.js'
import {
  type AgentStateModel,
  type AgentStateRetention,
  historyTtl,
  type PutParameters,
  readCurrent,
} from './storage.js'
import { writeInSteps } from './write-in-steps.js'
import { writeInTransaction } from './write-in-transaction.js'

/** The state of running agents. */
export interface AgentStates {
  /**
   * Saves a state that follows the one with `expectedVersion`, as the current one and as a version in the history.
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

export function bindAgentStates(store: Store, table: string, retention: AgentStateRetention): AgentStates {
  const model: AgentStateModel = {
    store,
    retention,
    current: currentAgentStateEntity(table),
    versions: agentVersionEntity(table),
  }
  const { current, versions } = model
  current.setClient(store.document)
  versions.setClient(store.document)

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
      saveId: randomUUID(),
      schemaVersion: agentShapes.current,
    }
    const put = current
      .put({ ...item, ...(isTerminal(status) ? { ttl: toSeconds(now + retention.endedMs) } : {}) })
      .where((stored, { eq, lte, notExists }) =>
        expectedVersion === 0
          ? `${notExists(stored.agentId)} OR ${lte(stored.ttl, toSeconds(now))}`
          : `${eq(stored.version, expectedVersion)} AND (${from.map((s) => eq(stored.status, s)).join(' OR ')})`,
      )
      .params<PutParameters>()
    const version = versions.put({ ...item, ttl: historyTtl(model, now) }).params<PutParameters>()
    const saving = { agentId, expectedVersion, saveId: item.saveId, put, version }
    const save = store.settings.transactions ? writeInTransaction : writeInSteps
    return call(store, operation, table, signal, async (abortSignal, record) => {
      const refused = await save(model, saving, abortSignal, record)
      if (refused === undefined) return toAgentState(item)
      const { live, stored, effect } = refused
      if (stored?.version === expectedVersion) {
        throw new IllegalTransitionError(agentId, stored.status, status, isRestart)
      }
      throw new StaleAgentStateError(agentId, expectedVersion, live && toAgentState(live), effect)
    })
  }

  return {
    async save(given, { signal } = {}) {
      const state = checkAgentState(given)
      if (state.expectedVersion === 0 && !canBegin(state.status)) {
        throw new IllegalTransitionError(state.agentId, undefined, state.status, false)
      }
      return write('agentState.save', state, predecessorsOf(state.status), false, signal)
    },

    async restart(restarted, { signal } = {}) {
      const state = checkAgentState({ ...restarted, status: 'pending', progress: 0 })
      if (state.expectedVersion === 0) throw new IllegalTransitionError(state.agentId, undefined, 'pending', true)
      return write('agentState.restart', state, terminalStatuses, true, signal)
    },

    current: (agentId, { signal } = {}) =>
      call(store, 'agentState.current', table, signal, async (abortSignal) => {
        assertKeyPart(agentId, 'agentId')
        const { live } = await readCurrent(model, agentId, abortSignal)
        return live && toAgentState(live)
      }),

    history: (agentId, range = {}) =>
      call(store, 'agentState.history', table, range.signal, async (abortSignal) => {
        assertKeyPart(agentId, 'agentId')
        return readHistory(model, agentId, range, abortSignal)
      }),
  }
}
