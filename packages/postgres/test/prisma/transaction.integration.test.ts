import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Postgres } from '../../src/index.js'
import { failureOf, usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })
let postgres: Postgres
beforeAll(() => {
  postgres = bench.service({ maxConnections: 4 })
})
afterAll(() => postgres?.close())

const logged = (message: string) => postgres.prisma.log.count({ where: { message } })
const line = (message: string) => ({ data: { level: 'info', message } as const })

describe('transaction', () => {
  it('commits what its work did', async () => {
    const id = await postgres.transaction(async (tx) => {
      await tx.log.create(line('commit-1'))
      return (await tx.log.create(line('commit-2'))).id
    })
    expect(await postgres.prisma.log.findUnique({ where: { id } })).toMatchObject({ message: 'commit-2' })
    expect(await logged('commit-1')).toBe(1)
  })

  it('rolls back when its work fails, whose own error comes out as it is', async () => {
    const mine = new Error('changed my mind')
    const failing = postgres.transaction(async (tx) => {
      await tx.log.create(line('rolled-back'))
      throw mine
    })
    expect(await failureOf(failing)).toBe(mine)
    expect(await logged('rolled-back')).toBe(0)
  })

  it('rolls back when its caller goes away before the commit', async () => {
    const controller = new AbortController()
    const failing = postgres.transaction(
      async (tx) => {
        await tx.log.create(line('aborted'))
        controller.abort(new Error('gone'))
      },
      { signal: controller.signal },
    )
    expect(await failureOf(failing)).toMatchObject({ message: 'gone' })
    expect(await logged('aborted')).toBe(0)
  })

  it('runs at the isolation level that was asked for', async () => {
    const level = await postgres.transaction(
      async (tx) => tx.$queryRaw<{ level: string }[]>`SELECT current_setting('transaction_isolation') AS level`,
      { isolation: 'Serializable' },
    )
    expect(level).toEqual([{ level: 'serializable' }])
  })

  it('costs two round trips besides its work: level and limits travel with BEGIN', async () => {
    const sent: string[] = []
    const client = await postgres.pool.connect()
    const query = client.query.bind(client)
    client.query = ((...args: Parameters<typeof query>) => {
      sent.push((args[0] as unknown as { text: string }).text ?? args[0])
      return query(...args)
    }) as typeof query
    client.release()
    await postgres.transaction((tx) => tx.$executeRaw`SELECT 1`, { isolation: 'RepeatableRead' })
    Object.assign(client, { query })
    expect(sent).toEqual([
      expect.stringMatching(/^BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL/),
      'SELECT 1',
      'COMMIT',
    ])
  })
})
