import type { StreamRecord, StreamShards } from '@miyabi/dynamo'
import type { StreamSource } from '../../src/streams/source.js'

/** The i-th change of a key. */
export interface Put {
  readonly key: string
  readonly i: number
}

interface Shard {
  readonly id: string
  readonly range: readonly [number, number]
  readonly parent: string | undefined
  readonly records: StreamRecord<Put>[]
  isClosed: boolean
  isTrimmed: boolean
  /** So many listings do not have it yet. */
  hidden: number
}

const KEYS = 8

/**
 * A stream as AWS keeps one, which no engine that runs here has: shards that split and follow one another, listings
 * that lag, iterators that expire, pages without records. What a consumer makes of it goes to a real PostgreSQL.
 */
export class ShardTree implements StreamSource<Put> {
  readonly paceMs = 0
  readonly shardsMade: Shard[] = []
  /** How many changes each key has had. */
  readonly puts = new Map<string, number>()
  readonly #random: () => number
  #sequence = 100_000_000_000_000_000_000n
  stream = 'arn:stream/1'

  constructor(random: () => number) {
    this.#random = random
    this.#open([0, KEYS], undefined)
  }

  #open(range: readonly [number, number], parent: string | undefined): void {
    this.shardsMade.push({
      id: `shardId-${String(this.shardsMade.length + 1).padStart(8, '0')}`,
      range,
      parent,
      records: [],
      isClosed: false,
      isTrimmed: false,
      hidden: parent && this.#random() < 0.3 ? 1 + Math.floor(this.#random() * 3) : 0,
    })
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n)
  }

  put(): void {
    const place = this.#below(KEYS)
    const key = `k${place}`
    const i = this.puts.get(key) ?? 0
    this.puts.set(key, i + 1)
    this.#sequence += BigInt(1 + this.#below(1000))
    const shard = this.shardsMade.find(({ isClosed, range }) => !isClosed && range[0] <= place && place < range[1])
    const [sequence, at] = [String(this.#sequence), new Date()]
    shard?.records.push({
      sequence,
      at,
      change: { kind: 'insert', next: { key, i }, at, sequence },
      toText: () => JSON.stringify({ key, i }),
    })
  }

  /** Closes a shard: another follows it, or two that it is split into. */
  roll(): void {
    const open = this.shardsMade.filter(({ isClosed }) => !isClosed)
    const shard = open[this.#below(open.length)]
    if (!shard) return
    shard.isClosed = true
    const [from, to] = shard.range
    if (to - from > 1 && this.#random() < 0.6) {
      const middle = from + 1 + this.#below(to - from - 1)
      this.#open([from, middle], shard.id)
      this.#open([middle, to], shard.id)
    } else this.#open([from, to], shard.id)
  }

  async current(): Promise<string> {
    return this.stream
  }

  async shards(stream: string): Promise<StreamShards | undefined> {
    if (stream !== this.stream) return undefined
    const listed = this.shardsMade.filter((shard) => !shard.isTrimmed && shard.hidden-- <= 0)
    const shards = listed.map(({ id, parent }) => ({ id, ...(parent === undefined ? {} : { parent }) }))
    return { shards: shards.sort(() => this.#random() - 0.5), isEnded: false }
  }

  async iterator(stream: string, shard: string, after: string | undefined) {
    const found = this.shardsMade.find(({ id }) => id === shard)
    if (stream !== this.stream || !found || found.isTrimmed) return { lost: 'gone' as const }
    return { iterator: `${shard} ${after ?? 0}` }
  }

  async parse(text: string): Promise<StreamRecord<Put>> {
    const { key, i } = JSON.parse(text) as Put
    const facts = { at: new Date(), sequence: '0' }
    return { ...facts, change: { kind: 'insert', next: { key, i }, ...facts }, toText: () => text }
  }

  async read(iterator: string) {
    const [id, after = '0'] = iterator.split(' ')
    if (this.#random() < 0.05) return { lost: 'iterator' as const }
    const shard = this.shardsMade.find((one) => one.id === id)
    if (!shard || this.#random() < 0.2) return { records: [], next: iterator }
    const rest = shard.records.filter(({ sequence }) => BigInt(sequence) > BigInt(after))
    const records = rest.slice(0, 1 + this.#below(10))
    const last = records.at(-1)?.sequence ?? after
    return shard.isClosed && records.length === rest.length ? { records } : { records, next: `${id} ${last}` }
  }
}
