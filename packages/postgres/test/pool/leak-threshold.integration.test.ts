import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Pool, Postgres } from '../../src/index.js'
import { RecordingLogger } from '../recording-logger.js'
import { until, usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })

async function forgetsToRelease(pool: Pool) {
  return await pool.connect()
}

describe('DB_LEAK_THRESHOLD', () => {
  it('reports a connection that is held for longer once, with who took it, and again when it comes back', async () => {
    const logger = new RecordingLogger()
    const pool = bench.pool({ leakThresholdMs: 100, maxConnections: 2 }, { logger, name: 'reports' })
    const client = await forgetsToRelease(pool)
    await until(
      () => logger.of('leak_suspected'),
      (lines) => lines.length > 0,
    )
    await delay(250)
    expect(logger.of('leak_suspected')).toEqual([
      {
        event: 'postgres.pool.leak_suspected',
        level: 'warn',
        pool: 'reports',
        heldMs: expect.any(Number),
        stack: expect.stringMatching(/^ +at .*forgetsToRelease/),
        ...pool.stats,
      },
    ])
    expect(pool.stats).toMatchObject({ total: 1, active: 1 })
    client.release()
    const [recovered] = logger.of('leak_recovered')
    expect(recovered).toMatchObject({ level: 'info', pool: 'reports', stack: expect.stringContaining('forgets') })
    expect(recovered?.['heldMs']).toBeGreaterThanOrEqual(300)
  })

  it.each<[string, (postgres: Postgres) => Promise<unknown>]>([
    ['prisma.$transaction()', (postgres) => postgres.prisma.$transaction(() => delay(250))],
    ['transaction()', (postgres) => postgres.transaction(() => delay(250))],
    ['read()', (postgres) => postgres.read((prisma) => prisma.$queryRaw`SELECT 1 AS one FROM pg_sleep(0.25)`)],
  ])('names the caller of %s, too', async (_of, hold) => {
    const logger = new RecordingLogger()
    const postgres = bench.service({ leakThresholdMs: 100 }, { logger })
    const sumUpSlowly = async () => await hold(postgres)
    await sumUpSlowly()
    expect(logger.of('leak_suspected')[0]?.['stack']).toContain('sumUpSlowly')
    expect(logger.of('leak_recovered')).toHaveLength(1)
    await postgres.close()
  })

  it('says nothing of one that comes back in time', async () => {
    const logger = new RecordingLogger()
    const pool = bench.pool({ leakThresholdMs: 600 }, { logger })
    const client = await pool.connect()
    await delay(50)
    client.release()
    await delay(700)
    expect([...logger.of('leak_suspected'), ...logger.of('leak_recovered')]).toEqual([])
  })

  it('of 0 watches nothing', async () => {
    const logger = new RecordingLogger()
    const pool = bench.pool({ leakThresholdMs: 0 }, { logger })
    const client = await pool.connect()
    await delay(150)
    client.release()
    expect(logger.lines).toEqual([])
  })
})
