import { type DatabaseContext, type Environment, parseDatabaseSettings } from '@miyabi/db'
import { duration, print, say, table, timed } from '../terminal/print.js'

/** The settings of the pool, and what it does when there are more callers than connections. */
export async function pool(db: DatabaseContext, env: Environment): Promise<void> {
  const { postgres: settings } = parseDatabaseSettings(env)
  const seconds = (ms: number): string => `${ms / 1000} s`
  table(
    ['setting', 'value', 'what it does'],
    [
      ['DB_MAX_CONNECTIONS', settings.maxConnections, 'maximum number of connections; further callers wait'],
      ['DB_MIN_CONNECTIONS', settings.minConnections, 'connections kept open'],
      ['DB_ACQUIRE_TIMEOUT', seconds(settings.acquireTimeoutMs), 'how long a caller waits for one'],
      ['DB_CONNECT_TIMEOUT', seconds(settings.connectTimeoutMs), 'how long opening one may take'],
      ['DB_IDLE_TIMEOUT', seconds(settings.idleTimeoutMs), 'idle time after which one is closed, down to the minimum'],
      ['DB_MAX_LIFETIME', seconds(settings.maxLifetimeMs), 'age after which one is replaced'],
      ['DB_TEST_BEFORE_ACQUIRE', settings.testBeforeAcquire, 'no caller gets a dead one'],
    ],
  )

  const callers = 2 * settings.maxConnections
  let busiest = db.stats().postgres
  const watch = setInterval(() => {
    const now = db.stats().postgres
    if (now.active > busiest.active) busiest = now
  }, 1)
  const { ms } = await timed(() =>
    Promise.all(Array.from({ length: callers }, () => db.pg.$queryRaw`SELECT 1 FROM pg_sleep(0.05)`)),
  ).finally(() => clearInterval(watch))
  print()
  say(`${callers} concurrent callers, each with a query of 50 ms, are served in ${duration(ms)}; at peak:`)
  const { total, active, idle, waiting, max } = busiest
  table(['total', 'active', 'idle', 'waiting', 'max'], [[total, active, idle, waiting, max]])
}
