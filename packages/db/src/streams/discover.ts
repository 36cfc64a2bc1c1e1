import type { Checkpoints, KnownShard, NewShard } from './checkpoints.js'
import type { StreamSource } from './source.js'
import type { GapReason } from './types.js'

/** What shard discovery needs from its consumer. */
interface Discovery {
  readonly source: Pick<StreamSource<unknown>, 'current' | 'shards' | 'iterator'>
  readonly checkpoints: Checkpoints
  readonly startAt: 'oldest' | 'now'
  readonly signal: AbortSignal
}

/** What is known of the shards once it is done. */
export interface Discovered {
  /** Whether the table has a stream. */
  readonly hasStream: boolean
  /** Those that are stopped before a gap. */
  readonly gaps: readonly KnownShard[]
}

/**
 * Updates a consumer's shards to those of DynamoDB: adds new ones, detects those whose records are lost, and removes
 * old ones.
 */
export async function discover(discovery: Discovery): Promise<Discovered> {
  const { source, checkpoints, startAt, signal } = discovery
  // Before the listing: what is known by then must be in it. A shard that another process adds meanwhile is not gone.
  const known = await checkpoints.known()
  const current = await source.current(signal)
  const unfinished = known.filter(({ state }) => state !== 'done').map(({ stream }) => stream)
  const streams = new Set([...unfinished, ...(current === undefined ? [] : [current])])
  const isKnown = known.some(({ stream }) => stream === current)
  let changes = false
  for (const stream of streams) {
    const own = known.filter((shard) => shard.stream === stream)
    const listing = await source.shards(stream, signal)
    if (listing === undefined) {
      for (const shard of own.filter(isUnfinished))
        changes = (await checkpoints.markGap(shard, 'shard_gone')) || changes
      continue
    }
    const isReplacement = stream === current && !isKnown && known.length > 0
    const added = await newShards(discovery, stream, { own, listed: listing.shards, isReplacement })
    await checkpoints.add(added, startAt)
    const listed = new Set(listing.shards.map(({ id }) => id))
    for (const shard of own.filter(isUnfinished)) {
      const found = listing.shards.find(({ id }) => id === shard.shard)
      const lost = found ? isTrimmed(shard, found.start) && 'trimmed' : await isGone(discovery, shard)
      if (lost) changes = (await checkpoints.markGap(shard, lost)) || changes
    }
    const parents = new Set([...own, ...added].map(({ parent }) => parent))
    const finished = own.filter(({ state, shard }) => state === 'ended' && (listing.isEnded || parents.has(shard)))
    await checkpoints.finish(
      stream,
      finished.map(({ shard }) => shard),
    )
    if (own.some(({ state, shard }) => state === 'done' && !listed.has(shard))) {
      await checkpoints.forget(stream, [...listed])
    }
    changes ||= added.some(({ gap }) => gap !== undefined)
  }
  const gaps = (changes ? await checkpoints.known() : known).filter(({ state }) => state === 'gap')
  return { hasStream: current !== undefined, gaps }
}

const isUnfinished = ({ state }: KnownShard): boolean => state === 'open' || state === 'ended'

/** Shards that are not known yet. One whose parent exists and is not listed yet waits until it is. */
async function newShards(
  { source, signal }: Discovery,
  stream: string,
  found: {
    readonly own: readonly KnownShard[]
    readonly listed: readonly { readonly id: string; readonly parent?: string }[]
    /** Whether the table had another stream before: changes written in between are in neither. */
    readonly isReplacement: boolean
  },
): Promise<NewShard[]> {
  const { own, listed, isReplacement } = found
  const known = new Set(own.map(({ shard }) => shard))
  const waiting = new Set<string>()
  const byId = new Map(listed.map((shard) => [shard.id, shard]))
  for (const { id, parent } of listed) {
    if (known.has(id) || parent === undefined || known.has(parent) || byId.has(parent)) continue
    // Listings lag. Only a parent that has aged out is not waited for.
    if ('iterator' in (await source.iterator(stream, parent, undefined, signal))) waiting.add(id)
  }
  /** Whether it, or one before it, waits. */
  const waits = (id: string): boolean => {
    const parent = byId.get(id)?.parent
    return waiting.has(id) || (parent !== undefined && !known.has(parent) && byId.has(parent) && waits(parent))
  }
  return listed
    .filter(({ id }) => !known.has(id) && !waits(id))
    .map(({ id, parent }) => {
      const isRoot = parent === undefined || !byId.has(parent)
      return { stream, shard: id, parent, gap: isReplacement && isRoot ? 'stream_replaced' : undefined }
    })
}

/** The embedded engine drops old records silently, and then starts a shard later. AWS's shards keep their beginning. */
function isTrimmed({ sequence }: KnownShard, start: string | undefined): boolean {
  if (sequence === null || start === undefined) return false
  return /^\d+$/.test(sequence) && /^\d+$/.test(start) && BigInt(start) > BigInt(sequence) + 1n
}

/** A shard that is not listed may exist anyway. */
async function isGone({ source, signal }: Discovery, { stream, shard }: KnownShard): Promise<GapReason | undefined> {
  const found = await source.iterator(stream, shard, undefined, signal)
  return 'lost' in found && found.lost === 'gone' ? 'shard_gone' : undefined
}
