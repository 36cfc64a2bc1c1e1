import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { toDynamoError } from '../errors/map-error.js'
import { readReceipt } from './receipt.js'
import { isOwn, parseCurrent, type WriteState, wasDone } from './storage.js'

/** Writes the current item, its version, and the receipt of a save that has an id, atomically. */
export const writeInTransaction: WriteState = async (model, saving, abortSignal, record) => {
  const { put, version, receipt } = saving
  const TransactItems = [put, version, ...(receipt ? [receipt] : [])].map((Put) => ({
    Put: { ...Put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const },
  }))
  try {
    await model.store.document.send(new TransactWriteCommand({ TransactItems }), { abortSignal })
    return { outcome: 'saved' }
  } catch (error) {
    const failure = toDynamoError(error, record)
    if (failure.code !== 'dynamo.condition_failed') throw failure
    const known = await readReceipt(model, saving, abortSignal)
    if (known) return { outcome: 'known', receipt: known }
    const item = error instanceof TransactionCanceledException ? error.CancellationReasons?.[0]?.Item : undefined
    const found = parseCurrent(model, item)
    // Ours: an attempt whose response was lost had succeeded.
    if (isOwn(saving, found.stored)) return { outcome: 'saved' }
    if (await wasDone(model, saving, abortSignal, record)) return { outcome: 'saved' }
    return { outcome: 'refused', ...found }
  }
}
