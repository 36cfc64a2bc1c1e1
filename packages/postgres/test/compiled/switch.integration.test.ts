import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { obstacleTo } from '../../src/prisma/compiled/obstacle.js'
import { Planner } from '../../src/prisma/compiled/planner.js'
import { RecordingLogger } from '../recording-logger.js'
import { usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })

describe('compiled reads', () => {
  it('are off if DB_COMPILED_QUERIES is false, without a warning', async () => {
    const logger = new RecordingLogger()
    const postgres = bench.service({ compiledQueries: false }, { logger })
    for (let round = 0; round < 3; round += 1) expect(await postgres.prisma.user.count()).toBe(0)
    expect(postgres.stats().compiledQueries).toEqual({
      off: 'DB_COMPILED_QUERIES is false',
      hits: 0,
      misses: 0,
      byPrisma: [],
    })
    await postgres.close()
    expect(logger.lines.filter(({ event }) => String(event).includes('compiled'))).toEqual([])
  })

  it('report how each call was executed', async () => {
    const postgres = bench.service()
    for (let round = 0; round < 3; round += 1) {
      await postgres.prisma.user.count()
      await postgres.prisma.user.findMany({ where: { id: undefined, nothing: 1 } as never }).catch(() => {})
    }
    await postgres.prisma.$transaction((tx) => tx.user.count())
    expect(postgres.stats().compiledQueries).toEqual({
      off: undefined,
      hits: 2,
      misses: 2,
      byPrisma: [
        { call: 'user.findMany', reason: 'a call that Prisma rejects', count: 2 },
        { call: 'user.count', reason: 'in a transaction', count: 1 },
      ],
    })
    await postgres.close()
  })

  it('create no plan for calls made once, or several times in one tick', async () => {
    const postgres = bench.service()
    const plan = vi.spyOn(Planner.prototype, 'plan')
    const ask = () => Promise.all([1, 2].map((take) => postgres.prisma.user.findMany({ take })))
    const seen: unknown[] = []
    for (let round = 0; round < 3; round += 1) {
      await ask()
      const { hits, misses } = postgres.stats().compiledQueries
      seen.push({ plans: plan.mock.calls.length, hits, misses })
    }
    plan.mockRestore()
    expect(seen).toEqual([
      { plans: 0, hits: 0, misses: 2 },
      { plans: 2, hits: 2, misses: 2 },
      { plans: 2, hits: 4, misses: 2 },
    ])
    await postgres.close()
  })

  it('end with one warning at an unknown kind of plan, and calls continue', async () => {
    const logger = new RecordingLogger()
    const postgres = bench.service({}, { logger })
    const plan = Planner.prototype.plan
    Planner.prototype.plan = async function (this: Planner, ...args) {
      const known = await plan.apply(this, args)
      return { ...known, root: { type: 'teleport', args: known.root } }
    }
    try {
      for (let round = 0; round < 3; round += 1) expect(await postgres.prisma.user.count()).toBe(0)
    } finally {
      Planner.prototype.plan = plan
    }
    expect(postgres.stats().compiledQueries).toMatchObject({ off: 'a step of type teleport', hits: 0 })
    expect(logger.lines.filter(({ event }) => event === 'postgres.compiled_queries.off')).toHaveLength(1)
    await postgres.close()
  })

  it('do not start with another version of Prisma', () => {
    expect(obstacleTo('7.10.0', '7.10.0')).toBeUndefined()
    for (const [client, runtime] of [
      ['7.11.0', '7.10.0'],
      ['7.10.0', '7.10.1'],
    ] as const)
      expect(obstacleTo(client, runtime)).toMatch(/plans of Prisma .* are not known/)
  })

  it('do not start in a process that forbids generated code, which gets one warning and reads as before', () => {
    const program = `
      import { createPostgres, parsePostgresSettings } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../dist/index.js'))}
      const warnings = []
      const logger = { debug() {}, info() {}, error() {}, warn: (fields) => warnings.push(fields.event) }
      const postgres = createPostgres(parsePostgresSettings(process.env), { role: 'service', logger })
      const counts = [await postgres.prisma.user.count(), await postgres.prisma.user.count()]
      console.log(JSON.stringify({ counts, off: postgres.stats().compiledQueries.off, warnings: warnings.filter((event) => event.includes('compiled')) }))
      await postgres.close()`
    const args = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program]
    const { databaseUrl } = bench.settings()
    const env = { ...process.env, DATABASE_URL: databaseUrl, SERVICE_DATABASE_URL: bench.serviceUrl }
    expect(JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' }))).toEqual({
      counts: [0, 0],
      off: 'this process allows no generated code',
      warnings: ['postgres.compiled_queries.off'],
    })
  })
})
