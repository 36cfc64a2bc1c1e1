import { asThrown, toSeconds } from '../items/store.js'
import { type MessageReceipt, messageReceiptShapes } from './entity.js'
import type { MessageModel } from './storage.js'

/** The receipt of a message, written on the condition that there is none. It holds for as long as it is stored. */
export function putMessageReceipt(
  model: MessageModel,
  { recipient, id, sequence, writtenAt }: Pick<MessageReceipt, 'recipient' | 'id' | 'sequence' | 'writtenAt'>,
  isStored: boolean,
) {
  const ttl = toSeconds(writtenAt + model.limits.receiptsMs)
  const { current: schemaVersion } = messageReceiptShapes
  return model.receipts
    .put({ recipient, id, sequence, isStored, writtenAt, schemaVersion, ttl })
    .where((stored, { notExists }) => notExists(stored.id))
}

/** The receipt of a message, read strongly consistently. */
export async function readMessageReceipt(
  model: MessageModel,
  recipient: string,
  id: string | undefined,
  abortSignal: AbortSignal,
): Promise<MessageReceipt | undefined> {
  if (id === undefined) return undefined
  const { data } = await model.receipts.get({ recipient, id }).go({ ...asThrown, consistent: true, abortSignal })
  return data ? messageReceiptShapes.upcast(data) : undefined
}

/** Records that a message was stored, unless its receipt no longer exists. */
export async function markStored(
  model: MessageModel,
  recipient: string,
  id: string,
  abortSignal: AbortSignal,
): Promise<void> {
  await model.receipts
    .update({ recipient, id })
    .set({ isStored: true })
    .where((receipt, { exists }) => exists(receipt.id))
    .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: true, abortSignal })
}

/**
 * Called before a message is acknowledged, and so deleted, when there are no transactions: records that it was stored,
 * so that a sender that was interrupted, and repeats, does not store it again.
 */
export async function settleReceipt(
  model: MessageModel,
  recipient: string,
  sequence: number,
  abortSignal: AbortSignal,
): Promise<void> {
  if (model.store.settings.transactions) return
  const key = { recipient, sequence }
  const { data } = await model.messages.get(key).go({ ...asThrown, attributes: ['id'], consistent: true, abortSignal })
  if (data?.id !== undefined) await markStored(model, recipient, data.id, abortSignal)
}
