import type { Hand } from './hand.js'
import type { Ask, HeldPartition } from './leases.js'
import type { OutboxRow } from './row.js'
import { ANYTHING_DUE, FETCH, FETCH_FAILED } from './statements.js'

/** A row of the outbox as PostgreSQL returns it. */
interface StoredRow {
  readonly partition: number
  readonly position: string
  readonly id: string
  readonly key: string | null
  readonly topic: string
  readonly version: number
  readonly payload: string
  readonly actor_kind: string
  readonly actor: string | null
  readonly attempts: number
  readonly created_at_ms: number
}

/** A result row of reading a partition: with an outbox row, or without one if the partition has none. */
type SeenRow = { readonly [K in keyof StoredRow]: StoredRow[K] | null } & {
  readonly of: number
  readonly lowest: string | null
  readonly xmin: string
}

/** What to read. */
export interface Question {
  readonly partitions: readonly HeldPartition[]
  readonly hand: Hand
  /** The most rows. */
  readonly room: number
  /** Topics that are paused. */
  readonly paused: readonly string[]
}

/** The most keys of paused rows that are skipped; any beyond these are read repeatedly. */
const MOST_PASSED_OVER = 1000

/** Reads the rows that are due, in order. */
export class Reader {
  readonly #ask: Ask
  readonly #passedOver = new Set<string>()
  /** Whether the last read left rows behind for lack of room. */
  hasMore = false

  constructor(ask: Ask) {
    this.#ask = ask
  }

  /** @param withFailed whether to also read rows that have failed and are due again. */
  async read(question: Question, withFailed: boolean): Promise<OutboxRow[]> {
    const failed = withFailed ? await this.#readFailed(question) : []
    return [...failed, ...(await this.#readNew(question))]
  }

  /** Whether there is a row that some relay could deliver now. */
  async isAnythingDue(): Promise<boolean> {
    const [row] = await this.#ask<{ due: boolean }>(ANYTHING_DUE, [])
    return row?.due ?? false
  }

  /** Reads no row of a key until `forgetPassedOver`: one of its rows cannot be delivered now. */
  passOver(key: string): void {
    if (this.#passedOver.size < MOST_PASSED_OVER) this.#passedOver.add(key)
  }

  isPassedOver(key: string): boolean {
    return this.#passedOver.has(key)
  }

  forgetPassedOver(): void {
    this.#passedOver.clear()
  }

  async #readNew({ partitions, hand, room, paused }: Question): Promise<OutboxRow[]> {
    const at = performance.now()
    if (paused.length === 0) this.#passedOver.clear()
    const looks = partitions.map(({ partition, floor }) => ({ partition, floor, from: floor.lookFrom(at) }))
    const most = Math.max(1, Math.ceil(room / looks.length))
    const seen = await this.#ask<SeenRow>(FETCH, [
      looks.map(({ partition }) => partition),
      looks.map(({ from }) => String(from)),
      hand.positions,
      [...hand.fullKeys, ...this.#passedOver],
      most,
      paused,
    ])
    this.hasMore = false
    const rows: OutboxRow[] = []
    for (const { partition, floor, from } of looks) {
      const own = seen.filter(({ of }) => of === partition)
      const [first] = own
      if (!first) continue
      const found = own.flatMap((row) => (row.position === null ? [] : [toRow(row as StoredRow)]))
      const lowest = first.lowest === null ? undefined : BigInt(first.lowest)
      const highest = found.at(-1)?.position ?? lowest
      floor.see({ from, lowest, highest, xmin: BigInt(first.xmin), at })
      if (found.length >= most) this.hasMore = true
      rows.push(...found)
    }
    return rows
  }

  async #readFailed({ partitions, hand, room, paused }: Question): Promise<OutboxRow[]> {
    const numbers = partitions.map(({ partition }) => partition)
    const keys = [...hand.fullKeys, ...this.#passedOver]
    const rows = await this.#ask<StoredRow>(FETCH_FAILED, [numbers, hand.positions, keys, room, paused])
    return rows.map(toRow)
  }
}

function toRow(row: StoredRow): OutboxRow {
  const { partition, position, id, key, topic, version, payload, attempts, created_at_ms: createdAtMs } = row
  const actor = toActor(row)
  return {
    partition,
    position: BigInt(position),
    id,
    key: key ?? undefined,
    topic,
    version,
    payload,
    actor,
    createdAtMs: Math.round(createdAtMs),
    attempts,
  }
}

function toActor({ actor_kind: kind, actor }: StoredRow): OutboxRow['actor'] {
  if (actor === null) return 'service'
  return kind === 'user' ? { userId: actor } : { webUserId: actor }
}
