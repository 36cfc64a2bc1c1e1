import type { RedisServer } from '@miyabi/testing'
import { createClient } from '@redis/client'
import { onTestFinished } from 'vitest'

/** What a test asks its server, beside the cache; it ends with the test. */
export async function clientOf({ url }: RedisServer) {
  const client = createClient({ url })
  client.on('error', () => {}) // the server may be killed
  await client.connect()
  onTestFinished(() => {
    if (client.isOpen) client.destroy()
  })
  return client
}
