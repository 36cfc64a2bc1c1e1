import { type DatabaseContext, type Environment, parseDatabaseSettings } from '@miyabi/db'
import { duration, print, say, table, timed } from '../terminal/print.js'

/** What the pool is told by its settings, and what it does when more callers come than it has connections. */
export async function pool(db: DatabaseContext, env: Environment): Promise<void> {
  const { postgres: settings } = parseDatabaseSettings(env)
  const seconds = (ms: number): string => `${ms / 1000} s`
  table(
    ['setting', 'value', 'what it does'],
    [
      ['DB_MAX_CONNECTIONS', settings.maxConnections, 'connections at most; further callers wait'],
      ['DB_MIN_CONNECTIONS', settings.minConnections, 'connections kept open'],
      ['DB_ACQUIRE_TIMEOUT', seconds(settings.acquireTimeoutMs), 'a caller waits so long for one'],
      ['DB_CONNECT_TIMEOUT', seconds(settings.connectTimeoutMs), 'opening one may take so long'],
      ['DB_IDLE_TIMEOUT', seconds(settings.idleTimeoutMs), 'unused for so long, one is closed, down to the minimum'],
      ['DB_MAX_LIFETIME', seconds(settings.maxLifetimeMs), 'older than this, one is replaced'],
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
  say(`${callers} callers at once, each with a query of 50 ms, are served in ${duration(ms)}; at the busiest moment:`)
  const { total, active, idle, waiting, max } = busiest
  table(['total', 'active', 'idle', 'waiting', 'max'], [[total, active, idle, waiting, max]])
}
