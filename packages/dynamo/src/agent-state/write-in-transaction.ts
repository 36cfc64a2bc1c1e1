import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { toDynamoError } from '../errors/map-error.js'
import { parseCurrent, type WriteState } from './storage.js'

/** Writes the current item and its version, both or none. */
export const writeInTransaction: WriteState = async (model, saving, abortSignal, record) => {
  const TransactItems = [saving.put, saving.version].map((Put) => ({
    Put: { ...Put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const },
  }))
  try {
    await model.store.document.send(new TransactWriteCommand({ TransactItems }), { abortSignal })
    return undefined
  } catch (error) {
    const failure = toDynamoError(error, record)
    if (failure.code !== 'dynamo.condition_failed') throw failure
    const item = error instanceof TransactionCanceledException ? error.CancellationReasons?.[0]?.Item : undefined
    const found = parseCurrent(model, item)
    // Ours: an attempt whose answer was lost had been done.
    if (found.stored?.saveId === saving.saveId) return undefined
    return { ...found, effect: record.possibleWrites > 0 ? 'unknown' : 'none' }
  }
}
