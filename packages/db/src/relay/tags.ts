import type { CacheDoor } from '../cache/door.js'
import type { PositionRow } from '../cache/position.js'
import { RedisRefusal, TagRaiser } from '../cache/tag-raiser.js'
import { payloadFromText } from '../outbox/payload-text.js'
import { tagsIn } from '../outbox/tags-effect.js'
import { PermanentEffectError } from './errors.js'
import type { Ask } from './leases.js'
import type { Target } from './target.js'

const TIMEOUT_MS = 10_000
const ATTEMPTS = 20

/** Raises the tags of the cache: it may be repeated any number of times, in any order. */
export function tagsTarget(ask: Ask, cache: CacheDoor): Target {
  const raiser = new TagRaiser((text, values) => ask<PositionRow>(text, values), cache)
  return {
    attempts: ATTEMPTS,
    timeoutMs: TIMEOUT_MS,
    isBatched: true,
    async deliver(row) {
      const tags = tagsIn(payloadFromText(row.payload))
      if (!tags) throw new PermanentEffectError('the stored payload holds no tags')
      await raiser.raise(tags)
    },
    judge(error) {
      if (error instanceof PermanentEffectError) return { kind: 'permanent' }
      return error instanceof RedisRefusal ? { kind: 'pause' } : { kind: 'again', isCounted: false }
    },
  }
}
