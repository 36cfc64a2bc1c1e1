import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createPrismaClient } from '../../src/client.js'
import { createPostgres, PostgresError } from '../../src/index.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })

describe('createPostgres', () => {
  it('connects with the first query, not before', async () => {
    const postgres = createPostgres(bench.settings({ applicationName: 'lazy' }))
    await delay(50)
    expect(await bench.backends('lazy')).toEqual([])
    await postgres.prisma.user.count()
    expect(await bench.backends('lazy')).toHaveLength(1)
    await postgres.close()
  })

  it('closes after the transactions that are under way, and takes no new ones', async () => {
    const postgres = createPostgres(bench.settings({ applicationName: 'drain' }))
    const working = postgres.transaction(async (tx) => {
      await tx.log.create({ data: { level: 'info', message: 'drained' } })
      await delay(150)
      return tx.log.count({ where: { message: 'drained' } })
    })
    await until(
      () => postgres.stats().active,
      (active) => active === 1,
    )
    const closing = postgres.close()
    expect(await failureOf(postgres.prisma.user.count())).toMatchObject({ code: 'postgres.pool.closed' })
    expect(await working).toBe(1)
    await closing
    await until(
      () => bench.backends('drain'),
      (pids) => pids.length === 0,
    )
    await postgres.close()
  })

  it('refuses a pool that Prisma would ignore, because it is of another copy of pg', () => {
    const stranger = { options: {}, connect() {}, query() {} }
    const failure = (): unknown => createPrismaClient(stranger as never, bench.settings())
    expect(failure).toThrow(PostgresError)
    expect(failure).toThrow('two copies of pg are installed')
  })
})
