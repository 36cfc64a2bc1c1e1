import { createHash, randomUUID } from 'node:crypto'
import { defined } from '@miyabi/core'
import { OwnAttempts } from '../items/own-attempts.js'
import type { Page } from '../items/page.js'
import { assertKeyPart, canonicalText } from '../items/storable.js'
import { type CallerOptions, call, type Store, toSeconds } from '../items/store.js'
import { noteAhead } from './ahead.js'
import { type AgentStateEffect, type AgentStateEffectResult, assertSaveId, checkEffect } from './effect.js'
import {
  type AgentItem,
  agentAheadEntity,
  agentReceiptEntity,
  agentShapes,
  agentVersionEntity,
  currentAgentStateEntity,
} from './entity.js'
import { IllegalTransitionError, StaleAgentStateError } from './errors.js'
import { readHistory } from './history.js'
import type { HistoryRange } from './history-range.js'
import { receiptOf, rememberedState } from './receipt.js'
import { saveEffect } from './save-effect.js'
import {
  type AgentState,
  canBegin,
  checkAgentState,
  isTerminal,
  type NewAgentState,
  predecessorsOf,
  terminalStatuses,
  toAgentState,
} from './state.js'
import type { AgentStatus } from './statuses.js'
import {
  type AgentStateModel,
  type AgentStateRetention,
  historyTtl,
  keptFrom,
  type PutParameters,
  readCurrent,
  type Saving,
} from './storage.js'
import { writeInSteps } from './write-in-steps.js'
import { writeInTransaction } from './write-in-transaction.js'

/** The state of running agents. */
export interface AgentStates {
  /**
   * Saves a state that follows the one with `expectedVersion`, as the current one and as a version in the history.
   *
   * If the response was lost and the call is repeated, by the same process or under the same `id` by any process, it
   * returns the state that it saved.
   *
   * @throws {StaleAgentStateError} when another writer saved in the meantime; it carries the newer state.
   * @throws {IllegalTransitionError} when the status cannot follow the one before.
   */
  save(state: NewAgentState, options?: CallerOptions): Promise<AgentState>
  /**
   * Saves a state as an effect of something that has its own order. Among effects the one with the highest position
   * wins; over a state that was saved directly, an effect is applied only if that state was saved at or before `at`.
   * Otherwise it ends as `superseded`, which is recorded. An applied effect has a version like any other save, so a
   * direct save that expects the version before is stale.
   *
   * @throws {IllegalTransitionError} when the status cannot follow the one before.
   */
  saveEffect(effect: AgentStateEffect, options?: CallerOptions): Promise<AgentStateEffectResult>
  /**
   * Returns an agent that has completed or failed back to pending, with progress 0 and without an expiry.
   *
   * @throws {StaleAgentStateError}
   * @throws {IllegalTransitionError} when the agent has not ended.
   */
  restart(state: RestartedAgentState, options?: CallerOptions): Promise<AgentState>
  /** Returns the current state in one strongly consistent read; undefined when there is none, or it has expired. */
  current(agentId: string, options?: CallerOptions): Promise<AgentState | undefined>
  /** Returns the states an agent was in, including the current one. */
  history(agentId: string, range?: HistoryRange): Promise<Page<AgentState>>
}

/** The fields that an agent restarts with. */
export type RestartedAgentState = Pick<
  NewAgentState,
  'agentId' | 'expectedVersion' | 'currentTask' | 'stateData' | 'id'
>

/** Identifies a save: the same in each repetition. */
interface Attempt {
  readonly updatedAt: number
  readonly version: number
  readonly saveId: string
}

export function bindAgentStates(store: Store, table: string, retention: AgentStateRetention): AgentStates {
  const model: AgentStateModel = {
    store,
    retention,
    current: currentAgentStateEntity(table),
    versions: agentVersionEntity(table),
    receipts: agentReceiptEntity(table),
    ahead: agentAheadEntity(table),
  }
  const { current, versions } = model
  for (const entity of [current, versions, model.receipts, model.ahead]) entity.setClient(store.document)
  const attempts = new OwnAttempts<Attempt>()
  const writeState = store.settings.transactions ? writeInTransaction : writeInSteps

  const begin = (after: number): Attempt => {
    const updatedAt = store.now()
    return { updatedAt, version: Math.max(after + 1, updatedAt), saveId: randomUUID() }
  }

  /** A state as it is stored. */
  function toItem(
    state: Omit<NewAgentState, 'expectedVersion'>,
    attempt: Attempt,
    effect?: { readonly position: bigint; readonly atMs: number },
  ): AgentItem {
    const { agentId, status, id, currentTask, stateData } = state
    return {
      agentId,
      status,
      progress: state.progress ?? (status === 'completed' ? 100 : 0),
      ...defined({ currentTask, stateData }),
      ...attempt,
      writtenAt: attempt.updatedAt,
      ...defined({ id }),
      ...(effect === undefined ? {} : { position: String(effect.position), at: effect.atMs }),
      schemaVersion: agentShapes.current,
    }
  }

  /** What replaces the current item. */
  const putCurrent = (item: AgentItem) =>
    current.put({ ...item, ...(isTerminal(item.status) ? { ttl: toSeconds(keptFrom(item) + retention.endedMs) } : {}) })

  const toSaving = (item: AgentItem, put: PutParameters, rest: Pick<Saving, 'expectedVersion' | 'isRepeated'>) =>
    ({
      agentId: item.agentId,
      nextVersion: item.version,
      saveId: item.saveId,
      id: item.id,
      put,
      version: versions.put({ ...item, ttl: historyTtl(model, item) }).params<PutParameters>(),
      receipt: receiptOf(model, item),
      ...rest,
    }) satisfies Saving

  /** Writes the state if the stored one is at the expected version and its status is one of `from`. */
  async function write(
    operation: string,
    state: NewAgentState,
    from: readonly AgentStatus[],
    isRestart: boolean,
    signal: AbortSignal | undefined,
  ): Promise<AgentState> {
    const { agentId, status, expectedVersion } = state
    return call(store, operation, table, signal, (abortSignal, record) =>
      attempts.during(
        () =>
          createHash('sha256')
            .update(canonicalText([operation, state]))
            .digest('base64'),
        { signal: abortSignal, record },
        () => begin(expectedVersion),
        async (attempt, isRepeated) => {
          const item = toItem(state, attempt)
          const put = putCurrent(item)
            .where((stored, { eq, lte, notExists }) =>
              expectedVersion === 0
                ? `${notExists(stored.agentId)} OR ${lte(stored.ttl, toSeconds(attempt.updatedAt))}`
                : `${eq(stored.version, expectedVersion)} AND (${from.map((s) => eq(stored.status, s)).join(' OR ')})`,
            )
            .params<PutParameters>()
          await noteAhead(model, item, abortSignal)
          const saving = toSaving(item, put, { expectedVersion, isRepeated })
          const written = await writeState(model, saving, abortSignal, record)
          if (written.outcome === 'saved') return toAgentState(item)
          if (written.outcome === 'known') {
            return toAgentState(await rememberedState(model, written.receipt, item, abortSignal))
          }
          const { live, stored } = written
          if (stored?.version === expectedVersion) {
            throw new IllegalTransitionError(agentId, stored.status, status, isRestart)
          }
          throw new StaleAgentStateError(agentId, expectedVersion, live && toAgentState(live))
        },
      ),
    )
  }

  return {
    async save(given, { signal } = {}) {
      const state = checkAgentState(given)
      if (state.id !== undefined) assertSaveId(state.id)
      if (state.expectedVersion === 0 && !canBegin(state.status)) {
        throw new IllegalTransitionError(state.agentId, undefined, state.status, false)
      }
      return write('agentState.save', state, predecessorsOf(state.status), false, signal)
    },

    async restart(restarted, { signal } = {}) {
      const state = checkAgentState({ ...restarted, status: 'pending', progress: 0 })
      if (state.id !== undefined) assertSaveId(state.id)
      if (state.expectedVersion === 0) throw new IllegalTransitionError(state.agentId, undefined, 'pending', true)
      return write('agentState.restart', state, terminalStatuses, true, signal)
    },

    async saveEffect(given, { signal } = {}) {
      const effect = checkEffect(given)
      return call(store, 'agentState.saveEffect', table, signal, (abortSignal, record) =>
        saveEffect(model, effect, { signal: abortSignal, record }, async ({ stored, isRepeated }) => {
          const item = toItem(effect, begin(stored?.version ?? 0), effect)
          const put = putCurrent(item)
            .where((found, { eq, notExists }) =>
              stored === undefined ? notExists(found.agentId) : eq(found.version, stored.version),
            )
            .params<PutParameters>()
          await noteAhead(model, item, abortSignal)
          const saving = toSaving(item, put, { expectedVersion: stored?.version ?? 0, isRepeated })
          return { written: await writeState(model, saving, abortSignal, record), version: item.version }
        }),
      )
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
