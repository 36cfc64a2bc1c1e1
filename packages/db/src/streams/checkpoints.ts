import type { TransactionRun } from '@miyabi/postgres'
import { IS_RESUMED } from '../restores/restored-store.js'
import type { GapReason, StreamDatabase, StreamGap } from './types.js'

/** A row of `stream_shards`, as discovery reads it. */
export interface KnownShard {
  readonly stream: string
  readonly shard: string
  readonly parent: string | null
  readonly generation: number
  readonly state: 'open' | 'ended' | 'done' | 'gap'
  readonly gap: GapReason | null
  readonly sequence: string | null
  readonly record_at: Date | null
}

/** A shard that this process may read, from its checkpoint. */
export interface Lease {
  readonly stream: string
  readonly shard: string
  readonly sequence: string | null
  readonly since: Date | null
  readonly fence: string
  /** Whether it was known for longer than DynamoDB keeps records, and none of it was read. */
  readonly is_late: boolean
}

/** A listed shard to add. */
export interface NewShard {
  readonly stream: string
  readonly shard: string
  readonly parent: string | undefined
  readonly gap: GapReason | undefined
}

/** How far a shard was read with a transaction. */
export interface Advance {
  readonly sequence: string | null
  readonly recordAt: Date | undefined
  readonly isEnd: boolean
}

/** The transaction's own statements, or the service's. */
type Query = TransactionRun['query']

/** DynamoDB keeps a record for a day. */
const RETENTION = "interval '24 hours'"

/**
 * What a consumer knows of its shards, in `stream_shards`: lease, fence and checkpoint of a shard are one row, so the
 * statement that moves the checkpoint also finds out whether the lease is still held.
 */
export class Checkpoints {
  readonly #db: StreamDatabase
  readonly #consumer: string
  readonly #holder: string
  readonly #leaseMs: number

  constructor(db: StreamDatabase, options: { consumer: string; holder: string; leaseMs: number }) {
    this.#db = db
    this.#consumer = options.consumer
    this.#holder = options.holder
    this.#leaseMs = options.leaseMs
  }

  async known(): Promise<KnownShard[]> {
    const { rows } = await this.#db.query<KnownShard>(
      `SELECT stream, shard, parent, generation, state, gap, sequence, record_at FROM stream_shards WHERE consumer = $1`,
      [this.#consumer],
    )
    return rows
  }

  /** Adds shards that no other process has added meanwhile, in one statement. */
  async add(shards: readonly NewShard[], startAt: 'oldest' | 'now'): Promise<void> {
    if (shards.length === 0) return
    await this.#db.query(
      `INSERT INTO stream_shards (consumer, stream, shard, parent, gap, state, generation, since)
       SELECT $1, given.stream, given.shard, given.parent, given.gap, CASE WHEN given.gap IS NULL THEN 'open' ELSE 'gap' END,
              coalesce((SELECT max(CASE same.stream WHEN given.stream THEN same.generation ELSE same.generation + 1 END)
                          FROM stream_shards AS same WHERE same.consumer = $1), 1),
              CASE WHEN $6 AND NOT EXISTS (SELECT FROM stream_shards AS any_one WHERE any_one.consumer = $1)
                THEN date_trunc('second', clock_timestamp()) END
         FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS given (stream, shard, parent, gap)
       ON CONFLICT DO NOTHING`,
      [
        this.#consumer,
        shards.map(({ stream }) => stream),
        shards.map(({ shard }) => shard),
        shards.map(({ parent }) => parent ?? null),
        shards.map(({ gap }) => gap ?? null),
        startAt === 'now',
      ],
    )
  }

  /** A shard was read to its end, and its children are known, or there are none. */
  async finish(stream: string, shards: readonly string[]): Promise<void> {
    if (shards.length === 0) return
    await this.#db.query(
      `UPDATE stream_shards SET state = 'done' WHERE consumer = $1 AND stream = $2 AND shard = ANY ($3) AND state = 'ended'`,
      [this.#consumer, stream, shards],
    )
  }

  /** Removes shards that were counted and that DynamoDB has dropped, except the last that a stream is known by. */
  async forget(stream: string, listed: readonly string[]): Promise<void> {
    await this.#db.query(
      `DELETE FROM stream_shards AS old
        WHERE consumer = $1 AND stream = $2 AND state = 'done' AND NOT shard = ANY ($3)
          AND EXISTS (SELECT FROM stream_shards AS other
                       WHERE other.consumer = $1 AND other.state <> 'done' AND other.generation >= old.generation)`,
      [this.#consumer, stream, listed],
    )
  }

  /** Records of a shard are lost, and the shard stops from now on; unless it was read further meanwhile. */
  async markGap({ stream, shard, sequence }: Pick<KnownShard, 'stream' | 'shard' | 'sequence'>, reason: GapReason) {
    const { rowCount } = await this.#db.query(
      `UPDATE stream_shards SET state = 'gap', gap = $4, fence = fence + 1, holder = NULL, held_until = NULL
        WHERE consumer = $1 AND stream = $2 AND shard = $3 AND state IN ('open', 'ended') AND sequence IS NOT DISTINCT FROM $5`,
      [this.#consumer, stream, shard, reason, sequence],
    )
    return rowCount === 1
  }

  /** Lets a shard continue after its gap; false if another process has. */
  async passGap(query: Query, { stream, shard }: Pick<StreamGap, 'stream' | 'shard'>): Promise<boolean> {
    const { rowCount } = await query(
      `UPDATE stream_shards SET state = CASE gap WHEN 'shard_gone' THEN 'done' ELSE 'open' END, gap = NULL, sequence = NULL,
              listed_at = clock_timestamp(), fence = fence + 1, holder = NULL, held_until = NULL
        WHERE consumer = $1 AND stream = $2 AND shard = $3 AND state = 'gap'`,
      [this.#consumer, stream, shard],
    )
    return rowCount === 1
  }

  /**
   * Takes one shard that may be read and is not held: its parent was read to its end, and so were all older streams.
   * Parents that have aged out are no longer known.
   */
  async lease(): Promise<Lease | undefined> {
    const { rows } = await this.#db.query<Lease>(
      `WITH found AS MATERIALIZED ( -- a subquery would be run again for each row of a join, and take more than one
         SELECT stream, shard FROM stream_shards AS free
          WHERE consumer = $1 AND state = 'open' AND (held_until IS NULL OR held_until < clock_timestamp()) AND ${IS_RESUMED}
            AND NOT EXISTS (SELECT FROM stream_shards AS parent
                             WHERE parent.consumer = $1 AND parent.stream = free.stream AND parent.shard = free.parent
                               AND parent.state IN ('open', 'gap'))
            AND NOT EXISTS (SELECT FROM stream_shards AS older
                             WHERE older.consumer = $1 AND older.generation < free.generation AND older.state <> 'done')
          ORDER BY record_at NULLS FIRST LIMIT 1 FOR UPDATE SKIP LOCKED)
       UPDATE stream_shards AS taken
          SET holder = $2, fence = taken.fence + 1, held_until = clock_timestamp() + $3 * interval '1 ms'
         FROM found
        WHERE taken.consumer = $1 AND taken.stream = found.stream AND taken.shard = found.shard
       RETURNING taken.stream, taken.shard, taken.sequence, taken.since, taken.fence,
                 taken.sequence IS NULL AND taken.listed_at < clock_timestamp() - ${RETENTION} AS is_late`,
      [this.#consumer, this.#holder, this.#leaseMs],
    )
    return rows[0]
  }

  /** Moves the checkpoint, and renews the lease; false if another process holds the lease, or did. */
  async advance(query: Query, lease: Lease, from: string | null, to: Advance): Promise<boolean> {
    const { rowCount } = await query(
      `UPDATE stream_shards
          SET sequence = $6, record_at = coalesce($7, record_at), state = CASE WHEN $8 THEN 'ended' ELSE state END,
              held_until = clock_timestamp() + $9 * interval '1 ms'
        WHERE consumer = $1 AND stream = $2 AND shard = $3 AND holder = $4 AND fence = $5
          AND state = 'open' AND sequence IS NOT DISTINCT FROM $10`,
      [
        this.#consumer,
        lease.stream,
        lease.shard,
        this.#holder,
        lease.fence,
        to.sequence,
        to.recordAt ?? null,
        to.isEnd,
        this.#leaseMs,
        from,
      ],
    )
    return rowCount === 1
  }

  /** Renews the lease of an idle shard; false if another process holds it. */
  async renew(lease: Lease): Promise<boolean> {
    const { rowCount } = await this.#db.query(
      `UPDATE stream_shards SET held_until = clock_timestamp() + $6 * interval '1 ms'
        WHERE consumer = $1 AND stream = $2 AND shard = $3 AND holder = $4 AND fence = $5 AND state = 'open'`,
      [this.#consumer, lease.stream, lease.shard, this.#holder, lease.fence, this.#leaseMs],
    )
    return rowCount === 1
  }

  /** Releases a shard immediately. */
  async release(lease: Lease): Promise<void> {
    await this.#db.query(
      `UPDATE stream_shards SET holder = NULL, held_until = NULL
        WHERE consumer = $1 AND stream = $2 AND shard = $3 AND holder = $4 AND fence = $5`,
      [this.#consumer, lease.stream, lease.shard, this.#holder, lease.fence],
    )
  }

  /** Stores a record that could not be handled. An existing one stays. */
  async bury(
    query: Query,
    { stream, shard }: Lease,
    dead: { readonly sequence: string; readonly text: string; readonly code: string; readonly message: string },
  ): Promise<void> {
    await query(
      `INSERT INTO stream_dead (consumer, stream, shard, sequence, record, code, message)
       VALUES ($1, $2, $3, $4, $5::json, $6, $7) ON CONFLICT DO NOTHING`,
      [this.#consumer, stream, shard, dead.sequence, dead.text, dead.code, dead.message],
    )
  }
}
