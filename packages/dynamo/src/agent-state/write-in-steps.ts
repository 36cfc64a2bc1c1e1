import { type AttributeValue, ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { asThrown } from '../items/store.js'
import type { AgentItem } from './entity.js'
import { readReceipt, receiptOf } from './receipt.js'
import {
  type AgentStateModel,
  historyTtl,
  isLive,
  isOwn,
  type PutParameters,
  parseCurrent,
  readCurrent,
  type Saving,
  type Stored,
  type WriteState,
  wasDone,
} from './storage.js'

/**
 * Writes the current item, then the receipt of a save that has an id, then the version, for servers without
 * transactions. The current item decides: once it is written, the state is saved. A crash before the last write leaves
 * the state in the current item alone; the next save writes its receipt and archives it before overwriting it. So the
 * history never keeps a gap, and a state whose version is in the history has its receipt.
 */
export const writeInSteps: WriteState = async (model, saving, abortSignal, record) => {
  const { document } = model.store
  const { id, put, receipt, version } = saving
  const before = await readReceipt(model, saving, abortSignal)
  if (before) return { outcome: 'known', receipt: before }
  await archiveStored(model, saving, abortSignal)
  try {
    await document.send(new PutCommand({ ...put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }), { abortSignal })
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    const found = await whatIsStored(model, saving, error.Item, abortSignal)
    const { stored } = found
    // Another save with the same id, or an attempt whose response was lost, may have succeeded and been followed by
    // others since.
    if (id !== undefined && stored && stored.id === id && stored.saveId !== saving.saveId) {
      await archive(model, stored, abortSignal)
    }
    const known = await readReceipt(model, saving, abortSignal)
    if (known) return { outcome: 'known', receipt: known }
    if (!isOwn(saving, stored)) {
      if (await wasDone(model, saving, abortSignal, record)) return { outcome: 'saved' }
      return { outcome: 'refused', ...found }
    }
  }
  try {
    if (receipt) await putOnce(model, receipt, abortSignal)
    await document.send(new PutCommand(version), { abortSignal })
  } catch {
    // The state is saved anyway; reads of the history include it, and the next save archives it.
    abortSignal.throwIfAborted()
  }
  return { outcome: 'saved' }
}

async function putOnce(model: AgentStateModel, receipt: PutParameters, abortSignal: AbortSignal): Promise<void> {
  try {
    await model.store.document.send(new PutCommand(receipt), { abortSignal })
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}

/** Older servers do not return the item that failed the condition. */
function whatIsStored(
  model: AgentStateModel,
  saving: Saving,
  item: Record<string, AttributeValue> | undefined,
  abortSignal: AbortSignal,
): Promise<Stored> | Stored {
  return item ? parseCurrent(model, item) : readCurrent(model, saving.agentId, abortSignal)
}

/** Makes sure that the state to be overwritten is in the history: usually it is, which a read shows. */
async function archiveStored(model: AgentStateModel, saving: Saving, abortSignal: AbortSignal): Promise<void> {
  const { agentId, expectedVersion } = saving
  if (expectedVersion > 0) {
    const { data } = await model.versions
      .get({ agentId, version: expectedVersion })
      .go({ ...asThrown, consistent: true, attributes: ['version'], abortSignal })
    if (data) return
  }
  const { stored, live } = await readCurrent(model, agentId, abortSignal)
  const isReplaced = expectedVersion === 0 ? live === undefined : stored?.version === expectedVersion
  // Otherwise the save is stale, and the writer that overwrites the other state archives it.
  if (stored && isReplaced) await archive(model, stored, abortSignal)
}

/** Writes what an interrupted save left unwritten: the receipt first. */
export async function archive(model: AgentStateModel, stored: AgentItem, abortSignal: AbortSignal): Promise<void> {
  const receipt = receiptOf(model, stored)
  if (receipt) await putOnce(model, receipt, abortSignal)
  const ttl = historyTtl(model, stored)
  if (!isLive(model, { ttl })) return
  await model.versions
    .put({ ...stored, ttl })
    .where((version, { notExists }) => notExists(version.agentId))
    .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: true, abortSignal })
}
