import { Budget, startTcpProxy, type TcpProxy } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import type { Postgres } from '../../src/index.js'
import { failureOf, until, usePoolBench } from '../support.js'

/** For each of the two ways. */
const CUTS = { name: 'cuts at COMMIT', short: 10, longSeconds: 90 }

const bench = usePoolBench({ empty: false })
let proxy: TcpProxy
let postgres: Postgres
beforeAll(async () => {
  proxy = await startTcpProxy(bench.serviceUrl)
  postgres = bench.service({ maxConnections: 4 }, { through: (url) => proxy.url(url) })
})
afterAll(async () => {
  await postgres?.close()
  await proxy?.close()
})

const line = (message: string) => ({ data: { level: 'info', message } as const })
const written = async (message: string): Promise<number> =>
  Number((await bench.admin<{ n: string }>('SELECT count(*) AS n FROM logs WHERE message = $1', [message]))[0]?.n)
describe('a COMMIT', () => {
  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)(
    'cut off %s it arrived is of unknown outcome, and never done twice',
    { timeout: new Budget(CUTS).timeoutMs },
    async (when, rows) => {
      using budget = new Budget({ ...CUTS, name: `${CUTS.name}, ${when} it arrives` })
      while (budget.next()) {
        const message = `commit-${when}-${budget.rounds}`
        let runs = 0
        proxy.cutAt('COMMIT', when)
        const error = await failureOf(
          postgres.transaction(async (tx) => {
            runs += 1
            await tx.log.create(line(message))
          }),
        )
        expect(error).toMatchObject({ code: 'postgres.commit_unknown', effect: 'unknown', retryable: false })
        expect((error as Error).message).toContain('unknown')
        await until(
          () => bench.busy(),
          (count) => count === 0,
        ) // the server may not have noticed yet that the network was cut
        expect([runs, await written(message)]).toEqual([1, rows])
      }
      expect(postgres.stats()).toMatchObject({ active: 0, waiting: 0 })
    },
  )

  it("is told of in the same way by Prisma's own transactions", async () => {
    proxy.cutAt('COMMIT', 'before')
    const interactive = await failureOf(postgres.prisma.$transaction((tx) => tx.log.create(line('own'))))
    proxy.cutAt('COMMIT', 'before')
    const { log } = postgres.prisma
    const batch = await failureOf(postgres.prisma.$transaction([log.create(line('own')), log.create(line('own'))]))
    for (const error of [interactive, batch]) {
      expect(error).toMatchObject({ code: 'postgres.commit_unknown' })
      expect(toPostgresError(error)).toMatchObject({ code: 'postgres.commit_unknown', effect: 'unknown' })
    }
    expect(await written('own')).toBe(0)
  })

  it('that hangs past the deadline is of unknown outcome too', async () => {
    const start = performance.now()
    const error = await failureOf(
      postgres.transaction(
        async (tx) => {
          await tx.log.create(line('hangs'))
          proxy.blackHole()
        },
        { deadlineMs: 800 },
      ),
    )
    expect(performance.now() - start).toBeLessThan(20_000) // a COMMIT is waited for without end
    expect(error).toMatchObject({ code: 'postgres.commit_unknown', effect: 'unknown' })
    await proxy.pass()
    await until(
      () => postgres.stats(),
      ({ active }) => active === 0,
    )
  })

  it('is not hidden from a caller who goes away while it is under way', async () => {
    const controller = new AbortController()
    proxy.delay(100)
    const committing = postgres.transaction(
      async (tx) => {
        await tx.log.create(line('on its way'))
        setTimeout(() => controller.abort(new Error('gone')), 50)
        return 'committed'
      },
      { signal: controller.signal },
    )
    expect(await committing).toBe('committed')
    await proxy.pass()
    expect(await written('on its way')).toBe(1)
  })

  it('of a transaction whose failed statement was ignored is an error, not a silent rollback', async () => {
    const swallowing = async (work: (work: (tx: Pick<Postgres['prisma'], 'log'>) => Promise<void>) => Promise<void>) =>
      work(async (tx) => {
        await tx.log.create(line('swallowed'))
        await tx.log.create(line(null as never)).catch(() => {})
        await tx.log.create({ data: { level: 'wrong' as 'info', message: 'x' } }).catch(() => {})
      })
    // Often, because the session tells its state some time after the error, in a packet that may come later.
    for (let n = 0; n < 25; n += 1) {
      const ours = await failureOf(swallowing((work) => postgres.transaction(work)))
      const prismas = await failureOf(swallowing((work) => postgres.prisma.$transaction(work)))
      for (const error of [ours, prismas])
        expect(error).toMatchObject({ code: 'postgres.transaction_aborted', effect: 'none' })
    }
    expect(await written('swallowed')).toBe(0)
  })
})

describe('a connection lost before COMMIT', () => {
  it('means that nothing happened, so the transaction is run again', async () => {
    const runs: number[] = []
    await postgres.transaction(async (tx, { attempt }) => {
      runs.push(attempt)
      await tx.log.create(line('lost once'))
      if (attempt === 1) await bench.killBackends()
      await tx.log.create(line('lost once'))
    })
    expect([runs, await written('lost once')]).toEqual([[1, 2], 2])
  })

  it('says so where it is not', async () => {
    const failing = postgres.transaction(
      async (tx) => {
        await tx.log.create(line('lost'))
        await bench.killBackends()
        await tx.log.create(line('lost'))
      },
      { retry: false },
    )
    expect(await failureOf(failing)).toMatchObject({
      code: 'postgres.transaction_lost',
      effect: 'none',
      retryable: true,
    })
    expect(await written('lost')).toBe(0)
  })
})
