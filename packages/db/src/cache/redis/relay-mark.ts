import { randomUUID } from 'node:crypto'
import type { CacheSettings } from '../../settings/cache-settings.js'
import { Seal } from './seal.js'

const MARK_DIGITS = 12

/** Identifies the Redis in which a relay raises tags, by CACHE_PREFIX and CACHE_SECRET. Undefined without Redis. */
export function relayMark({ redisUrl, prefix = 'miyabi', secret = '' }: CacheSettings): string | undefined {
  if (redisUrl === undefined) return undefined
  return Buffer.from(new Seal(secret).name('relay', prefix), 'base64url').toString('hex').slice(0, MARK_DIGITS)
}

/** Returns a new id of a relay that ends in its mark, so that the leases show where their holders raise tags. */
export function relayId(mark: string | undefined): string {
  const id = randomUUID()
  return mark === undefined ? id : `${id.slice(0, -MARK_DIGITS)}${mark}`
}
