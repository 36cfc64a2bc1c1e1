import { setTimeout as delay } from 'node:timers/promises'
import { startTcpProxy, type TcpProxy } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Postgres } from '../../src/index.js'
import { delayCancels } from '../slow-cancel.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })
const DEADLINE_MS = 400
let proxy: TcpProxy
let postgres: Postgres
beforeAll(async () => {
  proxy = await startTcpProxy(bench.serviceUrl)
  postgres = bench.service({ maxConnections: 2 }, { through: (url) => proxy.url(url) })
  await postgres.prisma.log.count()
})
afterAll(async () => {
  await postgres?.close()
  await proxy?.close()
})

/** The error, and how long it took to come. */
async function timed(work: Promise<unknown>): Promise<{ readonly error: unknown; readonly ms: number }> {
  const start = performance.now()
  const error = await failureOf(work)
  return { error, ms: performance.now() - start }
}
/**
 * Far less than a statement or a wait here would take by itself, and far more than a deadline, also on a busy machine.
 */
const IN_TIME_MS = 20_000
/** No statement runs on, and every connection is back. */
async function everythingEnded(): Promise<void> {
  await until(
    () => bench.busy(),
    (count) => count === 0,
  )
  await until(
    () => postgres.stats(),
    ({ active, waiting }) => active + waiting === 0,
  )
}
const line = { data: { level: 'info', message: 'late' } } as const
const late = () => bench.admin("SELECT 1 FROM logs WHERE message = 'late'")

describe('the deadline of a transaction', () => {
  it('bounds a statement, which the server then does not run on', async () => {
    const { error, ms } = await timed(
      postgres.transaction(
        async (tx) => {
          await tx.log.create(line)
          await tx.$executeRaw`SELECT pg_sleep(60)`
        },
        { deadlineMs: DEADLINE_MS },
      ),
    )
    expect(error).toMatchObject({
      code: 'postgres.deadline',
      effect: 'none',
      details: { deadlineMs: DEADLINE_MS, attempt: 1, phase: 'work', pool: { active: 1, max: 2 } },
    })
    expect(ms).toBeLessThan(IN_TIME_MS)
    await everythingEnded()
    expect(postgres.stats().total).toBe(1) // canceled, not cut
    expect(await late()).toEqual([])
  })

  it('bounds work that waits for something else, and what that does afterwards is refused', async () => {
    let afterwards: Promise<unknown> | undefined
    const { error, ms } = await timed(
      postgres.transaction(
        async (tx, { signal }) => {
          await tx.log.create(line)
          afterwards = delay(DEADLINE_MS + 200).then(() => tx.log.create(line))
          await afterwards
          expect(signal.aborted).toBe(true)
        },
        { deadlineMs: DEADLINE_MS },
      ),
    )
    expect(error).toMatchObject({ code: 'postgres.deadline', details: { phase: 'work' } })
    expect(ms).toBeLessThan(IN_TIME_MS)
    await everythingEnded()
    await expect(afterwards).rejects.toThrow()
    expect(await late()).toEqual([])
  })

  it('bounds the wait for a connection', async () => {
    const held = await Promise.all([postgres.pool.connect(), postgres.pool.connect()])
    const { error, ms } = await timed(postgres.transaction((tx) => tx.log.create(line), { deadlineMs: DEADLINE_MS }))
    expect(error).toMatchObject({
      code: 'postgres.deadline',
      details: { phase: 'acquire', pool: { active: 2, waiting: 1 } },
    })
    expect(ms).toBeLessThan(IN_TIME_MS)
    expect(postgres.stats().waiting).toBe(0)
    for (const client of held) client.release()
  })

  it('bounds the wait for a lock, and one of a transaction that is queued behind another of ours', async () => {
    await bench.admin('BEGIN')
    await bench.admin('LOCK TABLE logs')
    const { error, ms } = await timed(postgres.transaction((tx) => tx.log.create(line), { deadlineMs: DEADLINE_MS }))
    expect(error).toMatchObject({ code: 'postgres.deadline', details: { phase: 'work' } })
    expect(ms).toBeLessThan(IN_TIME_MS)
    await until(
      () => postgres.stats(),
      ({ active }) => active === 0,
    )
    await bench.admin('ROLLBACK')
    await everythingEnded()
  })

  it('holds where the network answers nothing, and the connection is given up', async () => {
    const { error, ms } = await timed(
      postgres.transaction(
        async (tx) => {
          await tx.log.create(line)
          proxy.blackHole()
          await tx.log.create(line)
        },
        { deadlineMs: DEADLINE_MS },
      ),
    )
    expect(error).toMatchObject({ code: 'postgres.deadline' })
    expect(ms).toBeLessThan(IN_TIME_MS)
    await until(
      () => postgres.stats(),
      ({ active }) => active === 0,
    )
    await proxy.pass()
    await everythingEnded()
    expect(await late()).toEqual([])
  })

  const limitsOf = async (of: Postgres) =>
    await of.transaction(
      (tx) => tx.$queryRaw<{ statement: number; idle: number }[]>`
        SELECT (SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout') AS statement,
               (SELECT setting::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout') AS idle`,
      { deadlineMs: 20_000 },
    )

  it('is kept by the server where this process cannot: its own limits are a little later', async () => {
    const [limits] = await limitsOf(postgres)
    for (const limit of Object.values(limits ?? {})) expect([limit >= 5000, limit <= 20_250]).toEqual([true, true])
    const { rows } = await postgres.pool.query('SHOW statement_timeout')
    expect(rows).toEqual([{ statement_timeout: '1min' }])
  })

  it("raises none of the session's own limits, of which 0 is none", async () => {
    const strict = bench.service({ statementTimeoutMs: 700, idleInTransactionTimeoutMs: 900 })
    expect(await limitsOf(strict)).toEqual([{ statement: 700, idle: 900 }])
    await strict.close()
    const free = bench.service({ statementTimeoutMs: 0, idleInTransactionTimeoutMs: 0 })
    const [limits] = await limitsOf(free)
    for (const limit of Object.values(limits ?? {})) expect([limit >= 5000, limit <= 20_250]).toEqual([true, true])
    await free.close()
  })
})

describe('the cancel request of a transaction', () => {
  it('ends nothing of whoever has the connection next: that is handed on only after it has arrived', async () => {
    const narrow = bench.service({ maxConnections: 1 })
    await bench.admin('SELECT pg_advisory_lock(91)') // so that the statement runs until the cancel request is made
    const release = () => bench.admin('SELECT pg_advisory_unlock(91)')
    await using cancels = await delayCancels(narrow.pool, bench.settings().databaseUrl, 300, release)
    await narrow.transaction((tx) => tx.$executeRaw`SELECT pg_sleep(0)`) // the first takes Prisma longer
    const controller = new AbortController()
    const ended = failureOf(
      narrow.transaction((tx) => tx.$executeRaw`SELECT pg_advisory_xact_lock(91)`, { signal: controller.signal }),
    )
    await until(
      () => bench.busy('pg_advisory_xact_lock'),
      (count) => count === 1,
    )
    controller.abort(new Error('gone'))
    const next = narrow.pool.query('SELECT pg_sleep(0.4)')
    expect(await ended).toMatchObject({ message: 'gone' })
    expect(await next).toMatchObject({ rowCount: 1 })
    expect([cancels.count, narrow.stats().total]).toEqual([1, 1])
    await narrow.close()
  })
})

describe('a deadline that no timer could keep', () => {
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])('is refused: %s', async (deadlineMs) => {
    for (const call of [
      () => postgres.transaction(() => expect.unreachable(), { deadlineMs }),
      () => postgres.read(() => expect.unreachable(), { deadlineMs }),
    ])
      expect(await failureOf(call())).toMatchObject({
        code: 'postgres.invalid_query',
        details: { argument: 'deadlineMs' },
      })
  })
})

describe('the signal of a caller', () => {
  it('ends the statement that runs, and rolls back', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('gone')), 100)
    const { error, ms } = await timed(
      postgres.transaction(
        async (tx) => {
          await tx.log.create(line)
          await tx.$executeRaw`SELECT pg_sleep(60)`
        },
        { signal: controller.signal },
      ),
    )
    expect(error).toMatchObject({ message: 'gone' })
    expect(ms).toBeLessThan(IN_TIME_MS)
    await everythingEnded()
    expect(await late()).toEqual([])
  })

  it('is heard before anything is begun', async () => {
    const signal = AbortSignal.abort(new Error('gone'))
    const failing = postgres.transaction(() => expect.unreachable(), { signal })
    expect(await failureOf(failing)).toMatchObject({ message: 'gone' })
  })
})
