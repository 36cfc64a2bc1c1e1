import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { type NativeAttributeValue, unmarshall } from '@aws-sdk/util-dynamodb'
import type { Effect } from '@miyabi/core'
import type { CallRecord } from '../errors/call-record.js'
import { asThrown, type Store, toSeconds } from '../items/store.js'
import { type AgentItem, type AgentVersionEntity, agentShapes, type CurrentAgentStateEntity } from './entity.js'

/** How long items are kept. */
export interface AgentStateRetention {
  /** The current item, after completed or failed. */
  readonly endedMs: number
  /** A version, after it was written. */
  readonly historyMs: number
}

/** What both ways of writing, and both of reading, work with. */
export interface AgentStateModel {
  readonly store: Store
  readonly retention: AgentStateRetention
  readonly current: CurrentAgentStateEntity
  readonly versions: AgentVersionEntity
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
  /** Tells our own item from somebody else's when the answer to a write was lost. */
  readonly saveId: string
  /** The current item, under the condition that the stored one is what it should be. */
  readonly put: PutParameters
  /** The version beside it. */
  readonly version: PutParameters
}

/** A current item as it is stored; `live` only while it has not expired. */
export interface Stored {
  readonly stored: AgentItem | undefined
  readonly live: AgentItem | undefined
}

/** Why a state was not saved: what is stored instead. */
export interface Refused extends Stored {
  /** `unknown` when an attempt whose answer was lost may have been overwritten since. */
  readonly effect: Effect
}

/** Writes a state: undefined when it is saved. */
export type WriteState = (
  model: AgentStateModel,
  saving: Saving,
  signal: AbortSignal,
  record: CallRecord,
) => Promise<Refused | undefined>

/** When a version leaves the history, in seconds since 1970. */
export const historyTtl = (model: AgentStateModel, updatedAt: number): number =>
  toSeconds(updatedAt + model.retention.historyMs)

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
