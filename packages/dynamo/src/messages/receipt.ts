import { asThrown, toSeconds } from '../items/store.js'
import { type MessageReceipt, messageReceiptShapes } from './entity.js'
import type { MessageModel } from './storage.js'

/** What is written to remember a message by, under the condition that nothing is. As long as it is there, it holds. */
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

/** The receipt of a message, strongly consistent. */
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

/** Remembers that a message was stored, unless there is nothing to remember it by any more. */
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
 * Before a message is acknowledged, and so deleted, where there are no transactions: remembers that it was stored, so
 * that a sender that was cut, and repeats, does not store it again.
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
