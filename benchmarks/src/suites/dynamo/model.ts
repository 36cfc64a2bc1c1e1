import { createIdSource } from '@miyabi/dynamo'

/** The tables as `@miyabi/dynamo` creates them for a prefix. */
export const tablesOf = (prefix: string) => ({
  events: `${prefix}MiyabiEvents`,
  messages: `${prefix}MiyabiWebSocketMessages`,
})

/** An event, with the parts of its key. */
export interface BenchEvent {
  readonly id: string
  readonly eventType: string
  readonly userId: string
  readonly data: Readonly<Record<string, unknown>>
  /** `YYYY-MM-DD` */
  readonly day: string
  readonly shard: number
}

/** A stored event, as every peer hands it out. */
export type EventRow = Pick<BenchEvent, 'id' | 'eventType' | 'userId' | 'data'>

/** Seconds since 1970 at which what is written here expires. */
export const ttl = Math.floor(Date.now() / 1000) + 86_400

const ids = createIdSource(Date.now)

const nextId = (): string => ids.next()

/** About 300 bytes, nested as a webhook is. */
export function newEvent(turn: number): BenchEvent {
  return {
    id: nextId(),
    eventType: 'webhook',
    userId: `user-${turn % 20}`,
    data: {
      run: turn,
      action: 'completed',
      repository: { name: 'example/repository', private: false, stars: 42 },
      labels: ['agent', 'deployment', 'review'],
      note: 'the deployment went through without anybody looking',
    },
    day: new Date().toISOString().slice(0, 10),
    shard: turn % 4,
  }
}

/** The item for an event, in the form in which `@miyabi/dynamo` stores it. */
export function toItem({ id, eventType, userId, data, day, shard }: BenchEvent) {
  return {
    pk: `$mb#t_${eventType}#d_${day}#s_${String(shard).padStart(4, '0')}`,
    sk: `$ev_1#id_${id}`,
    i: id,
    t: eventType,
    y: day,
    s: shard,
    u: userId,
    up: `${userId}#0`,
    d: data,
    v: 1,
    ttl,
    __edb_e__: 'ev',
    __edb_v__: '1',
  }
}

export type Item = ReturnType<typeof toItem>

export const fromItem = ({ i, t, u, d }: Pick<Item, 'i' | 't' | 'u' | 'd'>): EventRow => ({
  id: i,
  eventType: t,
  userId: u,
  data: d,
})

/** The keys of a recipient's queue: what its numbering is kept in. */
export const queueKey = (recipient: string) => ({ pk: `$mb#recipient_${recipient}`, sk: '$queue_1' })

/** The item for a message that waits, under a number of its recipient's queue. */
export function toMessageItem(recipient: string, sequence: number) {
  const enqueuedAt = Date.now()
  return {
    pk: `$mb#recipient_${recipient}`,
    sk: `$msg_1#sequence_${String(sequence).padStart(16, '0')}`,
    recipient,
    sequence,
    messageType: 'notification',
    payload,
    enqueuedAt,
    expiresAt: enqueuedAt + 86_400_000,
    schemaVersion: 1,
    ttl,
    __edb_e__: 'msg',
    __edb_v__: '1',
  }
}

export const payload = { title: 'A run is done', run: 42, labels: ['agent'] }

/** Takes the next number of a queue. */
export const nextNumber = {
  UpdateExpression: 'ADD #s :one',
  ExpressionAttributeNames: { '#s': 'sequence' },
  ReturnValues: 'UPDATED_NEW',
} as const
