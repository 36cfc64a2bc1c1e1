import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import type { NativeAttributeValue } from '@aws-sdk/util-dynamodb'
import { toDynamoError } from '../errors/map-error.js'
import { putMessageReceipt, readMessageReceipt } from './receipt.js'
import type { StoreMessage } from './store-message.js'

/** ElectroDB's parameters of a put. */
interface PutParameters {
  readonly TableName: string
  readonly Item: Record<string, NativeAttributeValue>
  readonly ConditionExpression?: string
}

/**
 * Stores a message, and its receipt, in one transaction. The SDK retries it under one token, and DynamoDB does not
 * execute it again, even if the message was acknowledged, and so deleted, in between.
 */
export const storeInTransaction: StoreMessage = async (model, item, abortSignal, record) => {
  const { recipient, id, sequence } = item
  const message = model.messages
    .put(item)
    .where((stored, { notExists }) => notExists(stored.recipient))
    .params<PutParameters>()
  const receipt = id === undefined ? undefined : putMessageReceipt(model, { ...item, id }, true).params<PutParameters>()
  const TransactItems = [message, ...(receipt ? [receipt] : [])].map((Put) => ({ Put }))
  try {
    await model.store.document.send(new TransactWriteCommand({ TransactItems }), { abortSignal })
    return sequence
  } catch (error) {
    const failure = toDynamoError(error, record)
    if (failure.code !== 'dynamo.condition_failed') throw failure
    return (await readMessageReceipt(model, recipient, id, abortSignal))?.sequence
  }
}
