import { setTimeout as delay } from 'node:timers/promises'
import { startTcpProxy } from '@miyabi/testing'
import { expect, it } from 'vitest'
import { AcquireTimeoutError } from '../../src/index.js'
import { usePoolBench } from '../support.js'
import { count } from './counts.js'
import { expectNothingEscapes } from './escapes.js'
import { expectWhole } from './whole.js'

const bench = usePoolBench()
expectNothingEscapes()
const FAULTS = count(60, 1000)
const AT_ONCE = 10
const ACQUIRE_MS = 250

it(`the acquire timeout is kept within a tenth through ${FAULTS} faults, and no slot is lost`, {
  timeout: 180_000 + FAULTS * 200,
}, async () => {
  await using proxy = await startTcpProxy(bench.settings().databaseUrl)
  const pool = bench.pool({
    databaseUrl: proxy.url(bench.settings().databaseUrl),
    maxConnections: 5,
    acquireTimeoutMs: ACQUIRE_MS,
    connectTimeoutMs: 1000,
    testBypassMs: 0,
  })
  const before = await expectWhole(pool)
  let late = 0
  const expectTimeouts = async (): Promise<void> => {
    const waits = Array.from({ length: AT_ONCE }, async () => {
      const start = performance.now()
      const error = await pool.connect().then(
        (client) => client.release(),
        (failure) => failure,
      )
      expect(performance.now() - start).toBeGreaterThan(ACQUIRE_MS * 0.9)
      expect(error).toBeInstanceOf(AcquireTimeoutError)
      const { details, message } = error as AcquireTimeoutError
      expect(details).toMatchObject({ pool: 'main', max: 5, total: expect.any(Number), waiting: expect.any(Number) })
      expect(message).toContain('Pool main: no connection within')
    })
    // By a timer of the same event loop, and not by a clock: a machine that does something else holds up both.
    const limit = delay(ACQUIRE_MS * 1.1).then(nextTurns)
    const all = Promise.all(waits)
    if (!(await Promise.race([all.then(() => true), limit]))) late += 1
    await all
  }
  const kinds = [
    async function exhausted() {
      const held = await Promise.all(Array.from({ length: 5 }, () => pool.connect()))
      await expectTimeouts()
      for (const client of held) client.release()
    },
    async function halfOpen() {
      proxy.blackHole() // the connections that are open look alive
      await expectTimeouts()
      await proxy.pass()
    },
    async function neverAnswers() {
      proxy.resetAll()
      proxy.blackHole()
      await delay(5)
      await expectTimeouts()
      proxy.resetAll()
      await proxy.pass()
    },
    async function refuses() {
      await proxy.refuse()
      proxy.resetAll()
      await delay(5)
      await expectTimeouts()
      await proxy.pass()
    },
  ]
  for (let n = 0; n < FAULTS / AT_ONCE; n += 1) {
    await kinds[n % kinds.length]?.()
    expect(await expectWhole(pool)).toEqual(before)
  }
  expect(late).toBe(0)
  expect(await pool.close()).toEqual({ drained: true, destroyed: 0 })
})

/** A deadline looks once more at the sockets before it ends a wait. */
async function nextTurns(): Promise<false> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  return false
}
