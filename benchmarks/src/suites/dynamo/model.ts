import { createIdSource } from '@miyabi/dynamo'

/** The tables as `@miyabi/dynamo` creates them for a prefix. */
export const tablesOf = (prefix: string) => ({
  events: `${prefix}MiyabiEvents`,
  messages: `${prefix}MiyabiWebSocketMessages`,
  agentState: `${prefix}MiyabiAgentState`,
})

export type TableNames = ReturnType<typeof tablesOf>

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
export const newEvent = (turn: number): BenchEvent => eventAt(turn, Date.now(), nextId())

/** The same, with an id of that moment. */
export function eventAt(turn: number, ms: number, id: string): BenchEvent {
  return {
    id,
    eventType: 'webhook',
    userId: `user-${turn % 20}`,
    data: {
      run: turn,
      action: 'completed',
      repository: { name: 'example/repository', private: false, stars: 42 },
      labels: ['agent', 'deployment', 'review'],
      note: 'the deployment went through without anybody looking',
    },
    day: new Date(ms).toISOString().slice(0, 10),
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
