import { type Finding, withDeadline } from '@miyabi/core'
import { CacheError } from '../../errors/cache-error.js'
import type { CacheSettings } from '../../settings/cache-settings.js'
import type { ServiceQuery } from '../home.js'
import { connectRedis, loadRedis } from './connect.js'
import { relayHolders } from './relay-holders.js'
import { relayMark } from './relay-mark.js'
import { troubleOf } from './trouble.js'

/** Time limit for Redis to respond, in milliseconds. */
const LIMIT_MS = 2_000

/** Checks that Redis can be used. */
export async function checkRedis(url: string, signal: AbortSignal | undefined): Promise<Finding[]> {
  const attempt = new AbortController()
  try {
    const connect = connectRedis(loadRedis(), url)
    const onTimeout = () => new Error(`no response within ${LIMIT_MS} ms`)
    await withDeadline({ ms: LIMIT_MS, signal, onTimeout }, () => connect(() => {}, attempt.signal))
    return []
  } catch (error) {
    signal?.throwIfAborted()
    const found = { check: 'cache.redis', object: 'REDIS_URL' }
    if (error instanceof CacheError) return [{ ...found, problem: error.reason, remedy: error.remedy ?? '' }]
    const remedy = 'correct REDIS_URL, or start that server; until then each process caches in memory alone'
    return [{ ...found, problem: `Redis cannot be used: ${troubleOf(error)}`, remedy }]
  } finally {
    attempt.abort()
  }
}

/** Checks that every running relay raises tags in this Redis. */
export async function checkRelays(settings: CacheSettings, query: ServiceQuery): Promise<Finding[]> {
  const mark = relayMark(settings) ?? ''
  const strangers = (await relayHolders(query)).filter((id) => !id.endsWith(mark)).length
  if (strangers === 0) return []
  const who = strangers === 1 ? '1 running relay does' : `${strangers} running relays do`
  return [
    {
      check: 'cache.relays',
      object: 'REDIS_URL',
      problem: `${who} not raise tags in this Redis: no process that caches there serves anything from its cache`,
      remedy: 'set REDIS_URL, CACHE_SECRET and CACHE_PREFIX of every process that runs a relay to these values',
    },
  ]
}
