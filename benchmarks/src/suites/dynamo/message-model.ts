import { ttl } from './model.js'

/** What every message here carries. */
export const message = {
  messageType: 'notification',
  payload: { title: 'A run is done', run: 42, labels: ['agent'] },
} as const

/** A message that waits, under a number of its recipient's queue, as every peer stores it. */
export function newMessage(recipient: string, sequence: number) {
  const enqueuedAt = Date.now()
  return { recipient, sequence, ...message, enqueuedAt, expiresAt: enqueuedAt + 86_400_000, schemaVersion: 1, ttl }
}

export type BenchMessage = ReturnType<typeof newMessage>

/** Messages that a queue may hold. */
const MAX_QUEUED = 10_000

/** What giving a number sets in a queue: the first number of a new one, its end, and the upkeep. */
export function queueUpdate() {
  const start = Date.now() * 1000
  return { start, end: start + MAX_QUEUED, schemaVersion: 1, ttl }
}

/** The key of a recipient's queue: what its numbering is kept in. */
export const queueKey = (recipient: string) => ({ pk: `$mb#recipient_${recipient}`, sk: '$queue_1' })

/** Takes the next number of a queue that is not full. */
export const nextNumber = {
  UpdateExpression:
    'SET #sequence = if_not_exists(#sequence, :start) + :one, #highest = if_not_exists(#highest, :end), #v = :v, #ttl = :ttl, #recipient = :recipient, #entity = :entity, #model = :model',
  ConditionExpression: 'attribute_not_exists(#highest) OR #sequence < #highest',
  ExpressionAttributeNames: {
    '#sequence': 'sequence',
    '#highest': 'highest',
    '#v': 'schemaVersion',
    '#ttl': 'ttl',
    '#recipient': 'recipient',
    '#entity': '__edb_e__',
    '#model': '__edb_v__',
  },
  ReturnValues: 'UPDATED_NEW',
} as const

/** The values of `nextNumber`. */
export function nextNumberValues(recipient: string) {
  const { start, end, schemaVersion, ttl: expiry } = queueUpdate()
  return {
    ':start': start,
    ':one': 1,
    ':end': end,
    ':v': schemaVersion,
    ':ttl': expiry,
    ':recipient': recipient,
    ':entity': 'queue',
    ':model': '1',
  }
}

/** The item of a message. */
export function toMessageItem(message: BenchMessage) {
  return {
    pk: `$mb#recipient_${message.recipient}`,
    sk: `$msg_1#sequence_${String(message.sequence).padStart(16, '0')}`,
    ...message,
    __edb_e__: 'msg',
    __edb_v__: '1',
  }
}

/** Deletes only what is there, which tells the first acknowledgement from a repeated one. */
export const present = {
  ConditionExpression: 'attribute_exists(#sequence)',
  ExpressionAttributeNames: { '#sequence': 'sequence' },
} as const
