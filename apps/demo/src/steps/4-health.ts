import { setTimeout as sleep } from 'node:timers/promises'
import { type DatabaseContext, MiyabiError } from '@miyabi/db'
import { duration, say, table } from '../terminal/print.js'

/** One context, one call, both stores: the response of a health endpoint. */
export async function health(db: DatabaseContext): Promise<void> {
  const { status, latencyMs, postgres, dynamodb } = await settledHealth(db)
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

/** A check takes about a second at most, and the first one may need longer on a computer that is busy. */
async function settledHealth(db: DatabaseContext): Promise<Awaited<ReturnType<DatabaseContext['healthCheck']>>> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const health = await db.healthCheck()
    const isDown = health.postgres.status === 'down' || health.dynamodb.status === 'down'
    if (!isDown || performance.now() > end) return health
    await sleep(PAUSE_MS)
  }
}

const PATIENCE_MS = 15_000
const PAUSE_MS = 200
