import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { type NativeAttributeValue, unmarshall } from '@aws-sdk/util-dynamodb'
import type { CallRecord } from '../errors/call-record.js'
import { asThrown, type Store, toSeconds } from '../items/store.js'
import {
  type AgentAheadEntity,
  type AgentItem,
  type AgentReceipt,
  type AgentReceiptEntity,
  type AgentVersionEntity,
  agentShapes,
  type CurrentAgentStateEntity,
} from './entity.js'

/** How long items are kept. */
export interface AgentStateRetention {
  /** The current item, after completed or failed. */
  readonly endedMs: number
  /** A version, after it was written. */
  readonly historyMs: number
  /** The record of a save under an id, after the save. */
  readonly receiptsMs: number
}

/** Shared by both ways of writing and both ways of reading. */
export interface AgentStateModel {
  readonly store: Store
  readonly retention: AgentStateRetention
  readonly current: CurrentAgentStateEntity
  readonly versions: AgentVersionEntity
  readonly receipts: AgentReceiptEntity
  readonly ahead: AgentAheadEntity
}

/** ElectroDB's parameters of a put. */
export interface PutParameters {
  readonly TableName: string
  readonly Item: Record<string, NativeAttributeValue>
  readonly ConditionExpression?: string
}

/** A state to be written to the table. */
export interface Saving {
  readonly agentId: string
  /** 0 when none is expected before it. */
  readonly expectedVersion: number
  /** The id of the state itself. */
  readonly nextVersion: number
  /** Distinguishes our item from another writer's when the response to a write was lost. */
  readonly saveId: string
  /** The caller's id, if there is one: a save that arrives again with it is the same save. */
  readonly id: string | undefined
  /** Whether it continues an attempt whose outcome is unknown. */
  readonly isRepeated: boolean
  /** The current item, on the condition that the stored one is as expected. */
  readonly put: PutParameters
  /** The version beside it. */
  readonly version: PutParameters
  /** The receipt of the save, if it has an id, on the condition that there is none. */
  readonly receipt: PutParameters | undefined
}

/** A current item as it is stored; `live` only while it has not expired. */
export interface Stored {
  readonly stored: AgentItem | undefined
  readonly live: AgentItem | undefined
}

/** The outcome of a write. */
export type Written =
  | { readonly outcome: 'saved' }
  /** A save with the same id came before. */
  | { readonly outcome: 'known'; readonly receipt: AgentReceipt }
  /** The stored state is not the expected one. */
  | ({ readonly outcome: 'refused' } & Stored)

/** Writes a state, or finds that it is already written. */
export type WriteState = (
  model: AgentStateModel,
  saving: Saving,
  signal: AbortSignal,
  record: CallRecord,
) => Promise<Written>

/** Whether an attempt of this very save wrote the stored state. */
export const isOwn = (saving: Saving, stored: AgentItem | undefined): boolean =>
  stored !== undefined && (stored.saveId === saving.saveId || (saving.id !== undefined && stored.id === saving.id))

/**
 * Whether an attempt of a refused save, whose response was lost, had succeeded and has been followed by other saves
 * since: then its version is in the history.
 */
export async function wasDone(
  model: AgentStateModel,
  saving: Saving,
  abortSignal: AbortSignal,
  record: CallRecord,
): Promise<boolean> {
  if (record.possibleWrites === 0 && !saving.isRepeated) return false
  const key = { agentId: saving.agentId, version: saving.nextVersion }
  const { data } = await model.versions.get(key).go({ ...asThrown, consistent: true, abortSignal })
  return isOwn(saving, data ?? undefined)
}

/**
 * When a state counts as saved, in milliseconds since 1970: never before the state it follows, whatever the writer's
 * clock showed.
 */
export const keptFrom = ({ updatedAt, version }: Pick<AgentItem, 'updatedAt' | 'version'>): number =>
  Math.max(updatedAt, version)

/** When a version leaves the history, in seconds since 1970. */
export const historyTtl = (model: AgentStateModel, item: Pick<AgentItem, 'updatedAt' | 'version'>): number =>
  toSeconds(keptFrom(item) + model.retention.historyMs)

/** Whether an item has not expired yet. */
export const isLive = (model: AgentStateModel, item: { readonly ttl?: number | undefined }): boolean =>
  item.ttl === undefined || item.ttl > toSeconds(model.store.now())

/** The current item, strongly consistent. */
export async function readCurrent(model: AgentStateModel, agentId: string, abortSignal: AbortSignal): Promise<Stored> {
  const { data } = await model.current.get({ agentId }).go({ ...asThrown, consistent: true, abortSignal })
  return toStored(model, data)
}

/** A current item as a failed condition returns it: clients do not unmarshal items inside errors. */
export function parseCurrent(model: AgentStateModel, item: Record<string, AttributeValue> | undefined): Stored {
  return toStored(model, item ? model.current.parse({ Item: unmarshall(item) }).data : null)
}

function toStored(model: AgentStateModel, data: AgentItem | null): Stored {
  const stored = data ? agentShapes.upcast(data) : undefined
  return { stored, live: stored && isLive(model, stored) ? stored : undefined }
}
