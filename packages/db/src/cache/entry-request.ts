import type { Position } from '@miyabi/postgres'
import { type CacheTag, isTag, type OwnTag } from '../outbox/tags.js'
import type { CacheRequest } from './entry.js'

/** Maximum time to live of an entry, in milliseconds: one day. */
export const MAX_TTL_MS = 86_400_000
const MOST_TAGS = 50

/** The owner of the entries. */
export interface OfScope {
  readonly own: OwnTag
  /** The position that the scope has seen or written. Older entries are not served. */
  readonly minimum: () => Promise<Position | undefined>
}

/** A validated call: the parts that identify an entry, and the times of a new entry. */
export interface Asked extends Pick<CacheRequest, 'key' | 'ttlMs' | 'absentTtlMs' | 'swrMs' | 'staleIfErrorMs'> {
  /** The tags as passed by the caller. */
  readonly tags: readonly CacheTag[]
}

/**
 * Returns the key of an entry: its owner, its name and its tags, none of which contains a line break.
 * @param name identifies the cached value within its identity and tags.
 */
export const entryKey = (own: OwnTag, name: string, tags: readonly CacheTag[]): string =>
  `${own}\n${name}\n${tags.length > 1 ? sorted(tags).join('\n') : (tags[0] ?? '')}`

/** Returns the request to the levels behind memory. */
export function entryRequest(
  own: OwnTag,
  { key, tags, ttlMs, absentTtlMs, swrMs, staleIfErrorMs }: Asked,
  of: Pick<CacheRequest, 'minimum' | 'load'>,
): CacheRequest {
  const all = [...(tags.length > 1 ? sorted(tags) : tags), own, 'all']
  return { key, tags: all, ttlMs, absentTtlMs, swrMs, staleIfErrorMs, keepMs: Math.max(swrMs, staleIfErrorMs), ...of }
}

const sorted = (tags: readonly CacheTag[]): CacheTag[] => [...new Set(tags)].sort()

export const areTags = (tags: unknown): tags is readonly CacheTag[] =>
  Array.isArray(tags) && tags.length <= MOST_TAGS && tags.every(isTag)

export const isTime = (time: unknown, min: number): time is number =>
  typeof time === 'number' && time >= min && time <= MAX_TTL_MS

export const problemOfTags = (tags: unknown): string[] =>
  areTags(tags) ? [] : [`tags are not up to ${MOST_TAGS} values made by \`tag\``]

export const outOfBounds = (
  given: Readonly<Record<string, unknown>>,
  { min, max, unit }: { readonly min: number; readonly max: number; readonly unit: string },
): string[] =>
  Object.entries(given).flatMap(([name, time]) =>
    typeof time === 'number' && time >= min && time <= max ? [] : [`${name} is not between ${min} and ${max} ${unit}`],
  )
