import pg from 'pg'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { RecordingLogger } from './recording-logger.js'
import { usePoolBench } from './support.js'

const bench = usePoolBench({ empty: false })

/** This package as a process loads it that finds another driver. */
async function loaded() {
  vi.resetModules()
  return await import('../src/index.js')
}

const restored: (() => void)[] = []
afterEach(() => {
  for (const restore of restored.splice(0)) restore()
  vi.resetModules() // the next file in this process finds the driver that is installed
})

function replace(holder: object, member: string, value: unknown): void {
  const before: unknown = Reflect.get(holder, member)
  Reflect.set(holder, member, value)
  restored.push(() => void Reflect.set(holder, member, before))
}

describe('a start on a driver that lacks what is used of it', () => {
  it('ends, and names the member and the version', async () => {
    replace(Object.getPrototypeOf(pg.Pool.prototype), '_pulseQueue', undefined)
    const { createPool } = await loaded()
    expect(() => createPool(bench.settings())).toThrow(
      expect.objectContaining({
        code: 'postgres.internals_missing',
        message: expect.stringMatching(/pg-pool \d+\.\d+\.\d+ lacks Pool\._pulseQueue/),
      }),
    )
  })

  it('ends at the first connection where the server says what it reports by another name', async () => {
    const { createPool } = await loaded()
    const on = pg.Connection.prototype.on
    replace(pg.Connection.prototype, 'on', function (this: pg.Connection, name: string, listener: () => void) {
      return on.call(this, name === 'parameterStatus' ? 'statusOfParameter' : name, listener)
    })
    await using pool = createPool(bench.settings())
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({
      code: 'postgres.internals_missing',
      message: expect.stringContaining('lacks Connection messages.parameterStatus'),
    })
  })

  it('goes on without what only saves time, and says so once', async () => {
    replace(
      pg,
      'Result',
      class extends pg.Result {
        constructor(rowMode: string, types: typeof pg.types) {
          super(rowMode, types)
          Reflect.deleteProperty(this, '_types')
        }
      },
    )
    const { createPostgres } = await loaded()
    const logger = new RecordingLogger()
    await using first = createPostgres(bench.settings(), { logger })
    await using _second = createPostgres(bench.settings(), { logger })
    const text = 'SELECT n FROM generate_series(1, $1::int) AS n'
    for (let turn = 0; turn < 4; turn += 1) {
      expect((await first.query(text, [2])).rows).toEqual([{ n: 1 }, { n: 2 }])
    }
    const warnings = logger.lines.filter(({ event }) => event === 'internals.missing')
    expect(warnings).toMatchObject([{ level: 'warn', missing: [{ package: 'pg', member: 'Result._types' }] }])
  })
})
