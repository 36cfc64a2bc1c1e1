import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import type { Pool } from '../../src/index.js'
import { failureOf, until, usePoolBench } from '../support.js'
import { count } from './counts.js'
import { expectNothingEscapes } from './escapes.js'
import { expectWhole } from './whole.js'

const bench = usePoolBench()
expectNothingEscapes()
const ROUNDS = count(5, 40)

beforeAll(async () => {
  await bench.admin('CREATE TABLE written (id bigint PRIMARY KEY); GRANT SELECT, INSERT ON written TO PUBLIC')
})

describe(`pg_terminate_backend, ${ROUNDS} times`, () => {
  it('of idle sessions reaches no caller', async () => {
    const pool = bench.pool({ maxConnections: 8, applicationName: 'ended-idle' })
    for (let n = 0; n < ROUNDS; n += 1) {
      const before = await expectWhole(pool)
      await bench.killBackends('ended-idle')
      // Not all of the ends have arrived here yet: those that have not are found by the test before acquire.
      await delay(600 * (n % 2))
      const answers = await Promise.allSettled(Array.from({ length: 20 }, () => pool.query('SELECT 1')))
      if (n % 2 === 1) expect(answers.filter(({ status }) => status === 'rejected')).toEqual([])
      expect(await expectWhole(pool)).toEqual(before)
    }
  })

  it('of busy sessions fails their statements, typed, and the next ones succeed', async () => {
    const pool = bench.pool({ maxConnections: 8, applicationName: 'ended-busy' })
    for (let n = 0; n < ROUNDS; n += 1) {
      const before = await expectWhole(pool)
      const running = Array.from({ length: 8 }, () => failureOf(pool.query('SELECT pg_sleep(30)')))
      await until(
        () => bench.busy(),
        (count) => count === 8,
      )
      await bench.killBackends('ended-busy')
      for (const error of await Promise.all(running)) {
        expect(toPostgresError(error)).toMatchObject({ code: 'postgres.connection_lost', effect: 'unknown' })
      }
      expect(await expectWhole(pool)).toEqual(before)
    }
  })

  it('of sessions in a transaction leaves nothing of it', async () => {
    const pool = bench.pool({ maxConnections: 4, applicationName: 'ended-open' })
    for (let n = 0; n < ROUNDS; n += 1) {
      const before = await expectWhole(pool)
      const clients = await Promise.all(Array.from({ length: 4 }, () => begun(pool)))
      await bench.killBackends('ended-open')
      for (const client of clients) {
        const error = await failureOf(client.query('COMMIT'))
        expect(toPostgresError(error).code).toBe('postgres.connection_lost')
        client.release()
      }
      expect(await expectWhole(pool)).toEqual(before)
    }
    expect(await bench.admin('SELECT id FROM written')).toEqual([])
  })
})

let nextId = 0
async function begun(pool: Pool) {
  nextId += 1
  const id = nextId
  const client = await pool.connect()
  await client.query('BEGIN')
  await client.query('INSERT INTO written VALUES ($1)', [id])
  return client
}
