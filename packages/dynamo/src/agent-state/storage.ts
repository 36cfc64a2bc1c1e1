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
  /** What is remembered of a save under an id, after it. */
  readonly receiptsMs: number
}

/** What both ways of writing, and both of reading, work with. */
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

/** One state on its way into the table. */
export interface Saving {
  readonly agentId: string
  /** 0 when there is to be none before. */
  readonly expectedVersion: number
  /** Of the state itself. */
  readonly nextVersion: number
  /** Tells our own item from somebody else's when the answer to a write was lost. */
  readonly saveId: string
  /** The caller's own, where there is one: whoever comes with it again is the same. */
  readonly id: string | undefined
  /** Whether it goes on from an attempt of which nobody knows what came of it. */
  readonly isRepeated: boolean
  /** The current item, under the condition that the stored one is what it should be. */
  readonly put: PutParameters
  /** The version beside it. */
  readonly version: PutParameters
  /** What is to be remembered of it, under the condition that nothing is, where it has an id. */
  readonly receipt: PutParameters | undefined
}

/** A current item as it is stored; `live` only while it has not expired. */
export interface Stored {
  readonly stored: AgentItem | undefined
  readonly live: AgentItem | undefined
}

/** What became of a state. */
export type Written =
  | { readonly outcome: 'saved' }
  /** One of the same id came before. */
  | { readonly outcome: 'known'; readonly receipt: AgentReceipt }
  /** Something else is stored than it was to follow. */
  | ({ readonly outcome: 'refused' } & Stored)

/** Writes a state, or finds that it is written. */
export type WriteState = (
  model: AgentStateModel,
  saving: Saving,
  signal: AbortSignal,
  record: CallRecord,
) => Promise<Written>

/** Whether a stored state is what an attempt of this very save has written. */
export const isOwn = (saving: Saving, stored: AgentItem | undefined): boolean =>
  stored !== undefined && (stored.saveId === saving.saveId || (saving.id !== undefined && stored.id === saving.id))

/**
 * Whether a refused save had been done all the same, by an attempt whose answer was lost, and has been followed by
 * others since: then its version is in the history.
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
 * From when a state is kept, in milliseconds since 1970: its version is never behind that of the state before, whatever
 * the clock of whoever saved it said.
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

/** A current item as a failed condition shows it: no client unmarshalls what is in an error. */
export function parseCurrent(model: AgentStateModel, item: Record<string, AttributeValue> | undefined): Stored {
  return toStored(model, item ? model.current.parse({ Item: unmarshall(item) }).data : null)
}

function toStored(model: AgentStateModel, data: AgentItem | null): Stored {
  const stored = data ? agentShapes.upcast(data) : undefined
  return { stored, live: stored && isLive(model, stored) ? stored : undefined }
}
