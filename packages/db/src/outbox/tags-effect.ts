import type { Identity } from '@miyabi/postgres'
import { identityTag } from './identity-tag.js'

/** The payload of an effect of the topic `tags`. */
export interface TagsContent {
  /** As `tag` makes them, and those of identities. */
  readonly tags: readonly string[]
}

/** The most tags in one effect. */
export const MOST_TAGS = 1_000

/** The tags in a stored payload; undefined if it is not a list of tags. */
export function tagsIn(payload: unknown): readonly string[] | undefined {
  const { tags } = Object(payload) as { readonly tags?: unknown }
  const isGood =
    Array.isArray(tags) &&
    tags.length <= MOST_TAGS &&
    tags.every((tag) => typeof tag === 'string' && tag.length <= 600 && !/[\n\0]/.test(tag))
  return isGood ? tags : undefined
}

/** Without those of the identity itself, which each user may raise. */
export function tagsOfOthers(identity: Identity, payload: unknown): readonly string[] | undefined {
  const own = identityTag(identity)
  return tagsIn(payload)?.filter((tag) => tag !== own)
}
