import { asThrown, toSeconds } from '../items/store.js'
import { type AgentItem, type AgentReceipt, receiptShapes } from './entity.js'
import type { AgentStateModel, PutParameters } from './storage.js'

type Outcome = Pick<AgentReceipt, 'agentId' | 'id' | 'outcome' | 'version' | 'updatedAt'>

/** The receipt of a save, written on the condition that there is none yet. */
function putReceipt(model: AgentStateModel, outcome: Outcome) {
  const writtenAt = model.store.now()
  const ttl = toSeconds(writtenAt + model.retention.receiptsMs)
  // Expiry is ignored: the receipt holds for as long as it is stored.
  return model.receipts
    .put({ ...outcome, writtenAt, ttl, schemaVersion: receiptShapes.current })
    .where((stored, { notExists }) => notExists(stored.id))
}

/** The receipt of a state, if its save has a caller's id. */
export function receiptOf(
  model: AgentStateModel,
  { agentId, id, version, updatedAt }: Pick<AgentItem, 'agentId' | 'id' | 'version' | 'updatedAt'>,
): PutParameters | undefined {
  if (id === undefined) return undefined
  return putReceipt(model, { agentId, id, outcome: 'applied', version, updatedAt }).params<PutParameters>()
}

/** The receipt of a save, read strongly consistently. */
export async function readReceipt(
  model: AgentStateModel,
  { agentId, id }: { readonly agentId: string; readonly id?: string | undefined },
  abortSignal: AbortSignal,
): Promise<AgentReceipt | undefined> {
  if (id === undefined) return undefined
  const { data } = await model.receipts.get({ agentId, id }).go({ ...asThrown, consistent: true, abortSignal })
  return data ? receiptShapes.upcast(data) : undefined
}

/** Records the outcome of a save. An existing record stays, and is returned. */
export async function remember(
  model: AgentStateModel,
  outcome: Outcome,
  abortSignal: AbortSignal,
): Promise<Pick<AgentReceipt, 'outcome' | 'version' | 'updatedAt'>> {
  const answer = await putReceipt(model, outcome).go({
    ...asThrown,
    response: 'none',
    returnOnConditionCheckFailure: true,
    abortSignal,
  })
  return (answer.rejected && (await readReceipt(model, outcome, abortSignal))) || outcome
}

/** The state that a recorded save became, as it was saved. */
export async function rememberedState(
  model: AgentStateModel,
  receipt: AgentReceipt,
  given: AgentItem,
  abortSignal: AbortSignal,
): Promise<AgentItem> {
  const { agentId, version, updatedAt = given.updatedAt } = receipt
  const options = { ...asThrown, consistent: true, abortSignal }
  const { data } = await model.versions.get({ agentId, version }).go(options)
  if (data) return data
  // It may not be in the history yet, or no longer: then it is the state that is returned again.
  const current = await model.current.get({ agentId }).go(options)
  return current.data?.version === version ? current.data : { ...given, version, updatedAt }
}
