import { asThrown } from '../items/store.js'
import type { MessageItem } from './entity.js'
import { markStored, putMessageReceipt, readMessageReceipt } from './receipt.js'
import type { MessageModel } from './storage.js'
import type { StoreMessage } from './store-message.js'

/**
 * Stores the receipt, then the message, then that it is stored, for servers without transactions. A repetition finds
 * how far it got. A message that is not known to be stored is stored again, so an acknowledgment first records in the
 * receipt that it was stored.
 */
export const storeInSteps: StoreMessage = async (model, item, abortSignal) => {
  const { recipient, id } = item
  if (id === undefined) return (await put(model, item, abortSignal)) ? item.sequence : undefined
  const answer = await putMessageReceipt(model, { ...item, id }, false).go({
    ...asThrown,
    response: 'none',
    returnOnConditionCheckFailure: true,
    abortSignal,
  })
  const known = answer.rejected ? await readMessageReceipt(model, recipient, id, abortSignal) : undefined
  if (known?.isStored) return known.sequence
  const sequence = known?.sequence ?? item.sequence
  await put(model, { ...item, sequence }, abortSignal)
  await markStored(model, recipient, id, abortSignal)
  return sequence
}

/** @returns whether it is stored: false if another message has its number. */
async function put(model: MessageModel, item: MessageItem, abortSignal: AbortSignal): Promise<boolean> {
  const { recipient, sequence, sendId } = item
  const answer = await model.messages
    .put(item)
    .where((stored, { notExists }) => notExists(stored.recipient))
    .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: 'all_old', abortSignal })
  if (!answer.rejected) return true
  const options = { ...asThrown, consistent: true, abortSignal }
  const stored = answer.data ?? (await model.messages.get({ recipient, sequence }).go(options)).data
  return sendId !== undefined && stored?.sendId === sendId
}
