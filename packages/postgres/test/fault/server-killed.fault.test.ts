import { setTimeout as delay } from 'node:timers/promises'
import { startKillableServer } from '@miyabi/testing'
import pg from 'pg'
import { expect, it } from 'vitest'
import { until } from '../support.js'
import { count } from './counts.js'
import { type LoadStatus, startLoad } from './load.js'

const WORKERS = 64
const KILLS = count(1, 10)
/**
 * How soon all are at work again, counted from the first connection that the server takes. Held in the whole counts,
 * which have the machine.
 */
const RECOVERED_WITHIN_MS = count(Number.POSITIVE_INFINITY, 2000)

it(`kill -9 of the server under ${WORKERS} workers, ${KILLS} times, loses nothing that was acknowledged, and nobody`, {
  timeout: 60_000 + KILLS * 60_000,
}, async () => {
  await using server = await startKillableServer()
  await statement(
    server.directDatabaseUrl,
    'CREATE TABLE written (id bigint PRIMARY KEY); GRANT INSERT ON written TO PUBLIC',
  )
  const load = await startLoad(server.databaseUrl, WORKERS)
  const allAtWork = (since: number) =>
    until(
      () => load.status(),
      ({ oldestSuccessAt }: LoadStatus) => oldestSuccessAt > since,
      60_000,
    )
  await allAtWork(0)
  const recoveredAfterMs: number[] = []
  for (let kill = 0; kill < KILLS; kill += 1) {
    await delay(300 + Math.random() * 500)
    server.kill()
    await server.returned()
    const returnedAt = Date.now()
    const { oldestSuccessAt } = await allAtWork(returnedAt)
    recoveredAfterMs.push(oldestSuccessAt - returnedAt)
  }
  const { acknowledged, failures, escaped, logged, stats } = await load.stop()
  expect(escaped).toEqual([])
  expect(stats).toMatchObject({ total: 20, active: 0, waiting: 0 })
  expect(stats.idle + stats.connecting, 'a busy machine may still be connecting').toBe(20)
  expect(Math.max(...recoveredAfterMs), String(recoveredAfterMs)).toBeLessThan(RECOVERED_WITHIN_MS)
  expect(await load.close()).toEqual({ closed: { drained: true, destroyed: 0 }, exitCode: 0 })

  const rows = await statement<{ id: string }>(server.directDatabaseUrl, 'SELECT id FROM written')
  const there = new Set(rows.map(({ id }) => Number(id)))
  expect(acknowledged.filter((id) => !there.has(id))).toEqual([])
  const sessions = await statement(
    server.directDatabaseUrl,
    "SELECT FROM pg_stat_activity WHERE usename = 'miyabi_app'",
  )
  expect(sessions).toHaveLength(0)

  const said = (event: string): number => logged.filter((name) => name === `postgres.pool.${event}`).length
  // Once for each outage that was noticed: a busy machine may be back before anybody has tried to connect.
  expect(said('connect_failing')).toBeLessThanOrEqual(KILLS)
  expect(said('connect_recovered')).toBe(said('connect_failing'))
  console.log(
    `${acknowledged.length} writes acknowledged, all found; all ${WORKERS} at work again ${recoveredAfterMs.join(', ')} ms after each return; failed in between: ${JSON.stringify(failures)}`,
  )
})

async function statement<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}
