import { isSet } from '@miyabi/core'
import { checkCache } from '@miyabi/db'
import { databaseGroup } from './database.js'
import type { CheckGroup } from './group.js'

const name = 'cache'
const looksFor = 'a Redis that cannot be used, and relays that do not raise tags in it'

export const cacheGroup: CheckGroup = {
  name,
  looksFor,
  async run(environment, signal) {
    const { env } = environment
    if (!isSet(env, 'REDIS_URL')) return []
    const group = databaseGroup({
      name,
      looksFor,
      run: (client) => checkCache(env, async (text) => (await client.query(text)).rows, { signal }),
    })
    return group.run(environment, signal)
  },
}
