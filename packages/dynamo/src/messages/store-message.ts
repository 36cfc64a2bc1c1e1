import type { CallRecord } from '../errors/call-record.js'
import type { MessageItem } from './entity.js'
import type { MessageModel } from './storage.js'

/**
 * Stores a message under its number, and remembers it where it has an id.
 * @returns the number it is stored under; of one with an id that was stored before, its own. Undefined where another
 *   message has the number.
 */
export type StoreMessage = (
  model: MessageModel,
  item: MessageItem,
  abortSignal: AbortSignal,
  record: CallRecord,
) => Promise<number | undefined>
