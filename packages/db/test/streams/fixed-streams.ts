import type { Change, StreamRecord } from '@miyabi/dynamo'
import type { StreamSource } from '../../src/streams/source.js'

/** An item of a test's stream. */
export interface Item {
  readonly key: string
}

export interface FixedShard {
  readonly id: string
  readonly parent?: string
  readonly start?: string
  /** In their order. */
  records: StreamRecord<Item>[]
  isClosed?: boolean
  isGone?: boolean
  /** What is up to this number was removed before it was read. */
  trimmedTo?: number
}

/** One record, an insertion. */
export function record(sequence: number, key: string, facts: Partial<StreamRecord<Item>> = {}): StreamRecord<Item> {
  const at = facts.at ?? new Date()
  const change: Change<Item> = { kind: 'insert', next: { key }, at, sequence: String(sequence) }
  return { sequence: String(sequence), at, change, toText: () => JSON.stringify({ key }), ...facts }
}

/** Streams that a test writes shard by shard, and changes as it goes on. */
export class FixedStreams implements StreamSource<Item> {
  readonly paceMs = 0
  readonly streams = new Map<string, { shards: FixedShard[]; isEnded: boolean }>()
  present: string | undefined = 'arn/1'

  constructor(...shards: FixedShard[]) {
    this.streams.set('arn/1', { shards, isEnded: false })
  }

  #shard(stream: string, id: string): FixedShard | undefined {
    return this.streams.get(stream)?.shards.find((shard) => shard.id === id && !shard.isGone)
  }

  async current(): Promise<string | undefined> {
    return this.present
  }

  async shards(stream: string) {
    const found = this.streams.get(stream)
    return found && { shards: found.shards.filter(({ isGone }) => !isGone), isEnded: found.isEnded }
  }

  async iterator(stream: string, id: string, after: string | undefined) {
    const shard = this.#shard(stream, id)
    if (!shard) return { lost: 'gone' as const }
    if (after !== undefined && Number(after) < (shard.trimmedTo ?? 0)) return { lost: 'trimmed' as const }
    return { iterator: `${stream} ${id} ${after ?? 0}` }
  }

  async parse(text: string) {
    const { key, number } = JSON.parse(text) as { readonly key: string; readonly number?: number }
    return record(number ?? 0, key)
  }

  async read(iterator: string) {
    const [stream = '', id = '', after = '0'] = iterator.split(' ')
    const shard = this.#shard(stream, id)
    if (!shard) return { lost: 'iterator' as const }
    const records = shard.records.filter(
      ({ sequence }) => Number(sequence) > Number(after) && Number(sequence) > (shard.trimmedTo ?? 0),
    )
    const last = records.at(-1)?.sequence ?? after
    return shard.isClosed ? { records } : { records, next: `${stream} ${id} ${last}` }
  }
}
