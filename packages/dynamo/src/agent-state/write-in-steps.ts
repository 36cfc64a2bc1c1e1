import { type AttributeValue, ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { asThrown } from '../items/store.js'
import type { AgentItem } from './entity.js'
import {
  type AgentStateModel,
  historyTtl,
  isLive,
  parseCurrent,
  readCurrent,
  type Saving,
  type Stored,
  type WriteState,
} from './storage.js'

/**
 * Writes the current item and then its version, for servers without transactions. The current item decides: from then on the state is
 * saved. A crash before the second write leaves the state in the current item alone, from where the next save takes it into the
 * history before it overwrites it. So the history never has a gap that closes no more.
 */
export const writeInSteps: WriteState = async (model, saving, abortSignal, record) => {
  const { document } = model.store
  await archiveStored(model, saving, abortSignal)
  const before = record.possibleWrites
  try {
    const put = new PutCommand({ ...saving.put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })
    await document.send(put, { abortSignal })
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    const found = await whatIsStored(model, saving, error.Item, abortSignal)
    // Ours: an attempt whose answer was lost had been done.
    if (found.stored?.saveId !== saving.saveId) {
      return { ...found, effect: record.possibleWrites > before ? 'unknown' : 'none' }
    }
  }
  try {
    await document.send(new PutCommand(saving.version), { abortSignal })
  } catch {
    // The state is saved all the same, reads of the history add it, and the next save archives it.
    abortSignal.throwIfAborted()
  }
  return undefined
}

/** Older servers do not say what the condition met. */
function whatIsStored(
  model: AgentStateModel,
  saving: Saving,
  item: Record<string, AttributeValue> | undefined,
  abortSignal: AbortSignal,
): Promise<Stored> | Stored {
  return item ? parseCurrent(model, item) : readCurrent(model, saving.agentId, abortSignal)
}

/** Makes sure that the state to be overwritten is in the history: usually it is, and a read tells. */
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
  // Else the save is stale, and whoever overwrites the other one archives it.
  if (stored && isReplaced) await archive(model, stored, abortSignal)
}

async function archive(model: AgentStateModel, stored: AgentItem, abortSignal: AbortSignal): Promise<void> {
  const ttl = historyTtl(model, stored.updatedAt)
  if (!isLive(model, { ttl })) return
  await model.versions
    .put({ ...stored, ttl })
    .where((version, { notExists }) => notExists(version.agentId))
    .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: true, abortSignal })
}
