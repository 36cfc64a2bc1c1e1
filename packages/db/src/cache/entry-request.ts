import type { Position } from '@miyabi/postgres'
import { type CacheTag, isTag, type OwnTag } from '../outbox/tags.js'
import type { CacheRequest } from './entry.js'

/** The longest time of an entry, in milliseconds: a day. */
export const MAX_TTL_MS = 86_400_000
const MOST_TAGS = 50

/** Whose entries these are. */
export interface OfScope {
  readonly own: OwnTag
  /** What the scope has seen or written: nothing older. */
  readonly minimum: () => Promise<Position | undefined>
}

/** A call that was checked: all that finds an entry, and the times of a new one. */
export interface Asked extends Pick<CacheRequest, 'key' | 'ttlMs' | 'absentTtlMs' | 'swrMs' | 'staleIfErrorMs'> {
  /** As the caller gave them. */
  readonly tags: readonly CacheTag[]
}

/**
 * Whose, what, and with which tags. No part of it has a line break in it.
 * @param name one text for what is cached, within the identity and its tags.
 */
export const entryKey = (own: OwnTag, name: string, tags: readonly CacheTag[]): string =>
  `${own}\n${name}\n${tags.length > 1 ? sorted(tags).join('\n') : (tags[0] ?? '')}`

/** What has to be asked of the levels behind memory. */
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
