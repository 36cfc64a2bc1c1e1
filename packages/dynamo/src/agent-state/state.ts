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
   * Grows with every save, also across an expiry: the time of the save in milliseconds, or the version before plus one
   * if that is higher.
   */
  readonly version: number
  /** For a state saved as an effect: its place in the order of effects, and the time of its order. */
  readonly effect?: { readonly position: bigint; readonly at: Date }
}

/** A state to save. Everything is replaced; omitted fields are removed. */
export interface NewAgentState {
  readonly agentId: string
  readonly status: AgentStatus
  /** 0 to 100. Default 0; 100 when completed. */
  readonly progress?: number | undefined
  readonly currentTask?: string | undefined
  /** A plain object of JSON values, up to 380 KB. */
  readonly stateData?: object | undefined
  /** The version this one follows, as it was read; 0 when the agent has no state yet. */
  readonly expectedVersion: number
  /**
   * The caller's id of this save, unique for the agent, up to 512 bytes: a second arrival of the same save changes
   * nothing and returns the same result, from any process, for as long as receipts are kept (`retention.receiptsMs`).
   */
  readonly id?: string | undefined
}

/** The contents of a state, without the fields that order saves. */
export type AgentStateContent = Omit<NewAgentState, 'expectedVersion' | 'id'>

/** The states from which a save may reach another. Only a restart leads out of completed and failed. */
const predecessors: Readonly<Record<AgentStatus, readonly AgentStatus[]>> = {
  pending: ['pending'],
  running: ['pending', 'running'],
  completed: ['running'],
  failed: ['running'],
}

/** The states an agent may start in. */
const beginnings: readonly AgentStatus[] = ['pending', 'running']

/** The states from which a restart leads back to pending. */
export const terminalStatuses: readonly AgentStatus[] = ['completed', 'failed']

export const isTerminal = (status: AgentStatus): boolean => terminalStatuses.includes(status)

export const predecessorsOf = (status: AgentStatus): readonly AgentStatus[] => predecessors[status]

export const canBegin = (status: AgentStatus): boolean => beginnings.includes(status)

/**
 * A copy of the state to save, unaffected by later changes to the caller's object.
 * @throws {DynamoInputError}, {DynamoValueError} or {PayloadTooLargeError} naming the member that cannot be saved.
 */
export function checkAgentState(state: NewAgentState): NewAgentState {
  const content = checkContent(state)
  const { expectedVersion } = state
  // The version after it must also be valid.
  if (!Number.isSafeInteger(expectedVersion + 1) || expectedVersion < 0) {
    throw new DynamoInputError('expectedVersion', 'is not a version; pass the version that was read, or 0 for none')
  }
  return { ...state, ...content }
}

/** The contents of a state, validated, with a copy of its data. */
export function checkContent(state: AgentStateContent): AgentStateContent {
  const { agentId, status, progress, currentTask, stateData } = state
  assertKeyPart(agentId, 'agentId')
  if (!agentStatuses.includes(status)) {
    throw new DynamoInputError('status', `is not one of ${agentStatuses.join(', ')}`)
  }
  if (progress !== undefined && !(typeof progress === 'number' && progress >= 0 && progress <= 100)) {
    throw new DynamoInputError('progress', 'is not a number from 0 to 100')
  }
  if (currentTask !== undefined && typeof currentTask !== 'string') {
    throw new DynamoInputError('currentTask', 'is not a string')
  }
  toStorable(progress ?? 0, 'progress')
  toStorable(currentTask ?? '', 'currentTask')
  const copy = toPayload(stateData, 'stateData')
  if (currentTask !== undefined) assertFits({ currentTask, ...defined({ stateData: copy }) })
  return { agentId, status, progress, currentTask, stateData: copy }
}

/** An item as it was read or written, in the form returned to callers. */
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
