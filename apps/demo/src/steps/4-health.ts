import { type DatabaseContext, MiyabiError } from '@miyabi/db'
import { duration, say, table } from '../terminal/print.js'

/** One context, one call, both stores: the response of a health endpoint. */
export async function health(db: DatabaseContext): Promise<void> {
  const { status, latencyMs, postgres, dynamodb } = await db.healthCheck()
  table(
    ['store', 'status', 'latency', 'version'],
    Object.entries({ postgres, dynamodb }).map(([name, store]) => [
      name,
      store.status,
      duration(store.latencyMs),
      store.version,
    ]),
  )
  say(`together: ${status} after ${duration(latencyMs)}, both checked concurrently`)
  const down = [postgres, dynamodb].filter((store) => store.status === 'down')
  if (down.length > 0) {
    throw new MiyabiError('demo.unhealthy', down.map(({ reason, remedy }) => `${reason}\n${remedy ?? ''}`).join('\n'))
  }
}
