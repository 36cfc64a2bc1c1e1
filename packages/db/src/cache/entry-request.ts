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

type Times = Pick<CacheRequest, 'ttlMs' | 'absentTtlMs' | 'swrMs' | 'staleIfErrorMs'>

/** @param name one text for what is cached, within the identity and its tags. */
export function entryRequest(
  own: OwnTag,
  name: string,
  tags: readonly CacheTag[],
  times: Times,
): Omit<CacheRequest, 'minimum' | 'load'> {
  const sorted = tags.length > 1 ? [...new Set(tags)].sort() : tags
  return {
    ...times,
    key: `${own}\n${name}\n${sorted.join('\n')}`,
    tags: [...sorted, own, 'all'],
    keepMs: Math.max(times.swrMs, times.staleIfErrorMs),
  }
}

export const problemOfTags = (tags: unknown): string[] =>
  Array.isArray(tags) && tags.length <= MOST_TAGS && tags.every(isTag)
    ? []
    : [`tags are not up to ${MOST_TAGS} values made by \`tag\``]

export const outOfBounds = (
  given: Readonly<Record<string, unknown>>,
  { min, max, unit }: { readonly min: number; readonly max: number; readonly unit: string },
): string[] =>
  Object.entries(given).flatMap(([name, time]) =>
    typeof time === 'number' && time >= min && time <= max ? [] : [`${name} is not between ${min} and ${max} ${unit}`],
  )
