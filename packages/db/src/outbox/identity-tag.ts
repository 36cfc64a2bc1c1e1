import type { Identity } from '@miyabi/postgres'
import type { OwnTag } from './tags.js'

/**
 * The owner of entries: the tag of an identity, which each of its entries has, and which prefixes its keys. Ids have
 * one length, so no key of one is a key of another.
 */
export function identityTag(identity: Identity | 'service'): OwnTag {
  if (identity === 'service') return 'service'
  const { userId, webUserId } = identity
  return userId === undefined ? `web_user:${webUserId.toLowerCase()}` : `user:${userId.toLowerCase()}`
}
