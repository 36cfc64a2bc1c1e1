import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseContext, defineEffects, effect } from '@miyabi/db'
import { serveMetrics } from '@miyabi/db/telemetry'

const effects = defineEffects({ notify: effect<object>() })

/** An application that serves its metrics, and works a little all the time. */
export interface Application extends AsyncDisposable {
  readonly db: DatabaseContext<typeof effects>
  readonly userId: string
  readonly url: string
}

/** @param env where its servers are. They have to be there at the beginning. */
export async function startApplication(env: Readonly<Record<string, string>>): Promise<Application> {
  const db = await DatabaseContext.fromEnv({ env, effects })
  await db.dynamodb.tables.apply()
  const email = `${Date.now()}@example.com`
  const { id: userId } = await db.asService().pg.user.create({ data: { email } })
  const server = await serveMetrics(db, { port: 0 })
  const ended = new AbortController()
  const worker = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await Promise.allSettled([
        db.as({ userId }).pg.user.findMany(),
        db.asService().pg.log.count(),
        db.dynamodb.events.append({ eventType: 'webhook', userId: 'octocat', data: {} }),
        db.dynamodb.events.byUser('octocat', { limit: 1 }),
      ])
      await sleep(100)
    }
  }
  const working = worker()
  return {
    db,
    userId,
    url: server.url,
    async [Symbol.asyncDispose]() {
      ended.abort()
      await working
      await server.close()
      await db.close(1000)
    },
  }
}
