import type { CallRecord } from '../errors/call-record.js'
import type { MessageItem } from './entity.js'
import type { MessageModel } from './storage.js'

/**
 * Stores a message under its number, and its receipt if it has an id.
 * @returns the number it is stored under; for a message with an id that was stored before, its own number. Undefined if
 * another message has the number.
 */
export type StoreMessage = (
  model: MessageModel,
  item: MessageItem,
  abortSignal: AbortSignal,
  record: CallRecord,
) => Promise<number | undefined>
