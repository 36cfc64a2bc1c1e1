import { defined } from '@miyabi/core'
import { DynamoInputError } from '../errors/errors.js'
import { assertFits, toPayload } from '../items/payload.js'
import { assertKeyPart, toStorable } from '../items/storable.js'
import type { AgentItem } from './entity.js'
import { type AgentStatus, agentStatuses } from './statuses.js'

/** The state of an agent as it is stored. */
export interface AgentState {
  readonly agentId: string
  readonly status: AgentStatus
  /** 0 to 100. */
  readonly progress: number
  readonly currentTask?: string
  readonly stateData: Record<string, unknown>
  readonly updatedAt: Date
  /**
   * Grows with every save, also over an expiry: the milliseconds at which it was saved, or one more than the version
   * before where that is higher.
   */
  readonly version: number
  /** Of a state that was saved as an effect: its place in the order of effects, and the time of its order. */
  readonly effect?: { readonly position: bigint; readonly at: Date }
}

/** A state to save. Everything is replaced; what is left out is gone. */
export interface NewAgentState {
  readonly agentId: string
  readonly status: AgentStatus
  /** 0 to 100. Default 0; 100 when completed. */
  readonly progress?: number | undefined
  readonly currentTask?: string | undefined
  /** A plain object of what JSON can carry, up to 380 KB. */
  readonly stateData?: object | undefined
  /** The version this one follows, as read; 0 when the agent has no state yet. */
  readonly expectedVersion: number
  /**
   * Of this save, the caller's own, unique for the agent, up to 512 bytes: a second arrival of the same changes
   * nothing, and is answered the same, from whichever process, for as long as receipts are kept
   * (`retention.receiptsMs`).
   */
  readonly id?: string | undefined
}

/** What a state holds, without what orders saves among each other. */
export type AgentStateContent = Omit<NewAgentState, 'expectedVersion' | 'id'>

/** From which states one may come to another by a save. Nothing leads out of completed and failed but a restart. */
const predecessors: Readonly<Record<AgentStatus, readonly AgentStatus[]>> = {
  pending: ['pending'],
  running: ['pending', 'running'],
  completed: ['running'],
  failed: ['running'],
}

/** The states an agent may begin in. */
const beginnings: readonly AgentStatus[] = ['pending', 'running']

/** From which states a restart leads back to pending. */
export const terminalStatuses: readonly AgentStatus[] = ['completed', 'failed']

export const isTerminal = (status: AgentStatus): boolean => terminalStatuses.includes(status)

export const predecessorsOf = (status: AgentStatus): readonly AgentStatus[] => predecessors[status]

export const canBegin = (status: AgentStatus): boolean => beginnings.includes(status)

/**
 * The state as it is saved, however the caller's object changes meanwhile.
 * @throws {DynamoInputError}, {DynamoValueError} or {PayloadTooLargeError} naming the member that cannot be saved.
 */
export function checkAgentState(state: NewAgentState): NewAgentState {
  const content = checkContent(state)
  const { expectedVersion } = state
  // The version after it must be one too.
  if (!Number.isSafeInteger(expectedVersion + 1) || expectedVersion < 0) {
    throw new DynamoInputError('expectedVersion', 'is not a version; pass the one that was read, or 0 for none')
  }
  return { ...state, ...content }
}

/** What a state holds, checked, with a copy of its data. */
export function checkContent(state: AgentStateContent): AgentStateContent {
  const { agentId, status, progress, currentTask, stateData } = state
  assertKeyPart(agentId, 'agentId')
  if (!agentStatuses.includes(status)) {
    throw new DynamoInputError('status', `is none of ${agentStatuses.join(', ')}`)
  }
  if (progress !== undefined && !(typeof progress === 'number' && progress >= 0 && progress <= 100)) {
    throw new DynamoInputError('progress', 'is not a number from 0 to 100')
  }
  if (currentTask !== undefined && typeof currentTask !== 'string') {
    throw new DynamoInputError('currentTask', 'is not a text')
  }
  toStorable(progress ?? 0, 'progress')
  toStorable(currentTask ?? '', 'currentTask')
  const copy = toPayload(stateData, 'stateData')
  if (currentTask !== undefined) assertFits({ currentTask, ...defined({ stateData: copy }) })
  return { agentId, status, progress, currentTask, stateData: copy }
}

/** An item as it was read or written, in the form callers get. */
export function toAgentState(item: Omit<AgentItem, 'ttl' | 'schemaVersion' | 'saveId' | 'writtenAt'>): AgentState {
  return {
    agentId: item.agentId,
    status: item.status,
    progress: item.progress,
    ...defined({ currentTask: item.currentTask }),
    stateData: (item.stateData ?? {}) as Record<string, unknown>,
    updatedAt: new Date(item.updatedAt),
    version: item.version,
    ...(item.position === undefined
      ? {}
      : { effect: { position: BigInt(item.position), at: new Date(item.at ?? item.updatedAt) } }),
  }
}
