import { silentLogger } from '@miyabi/core'
import { sql, startPrivateServer, until } from '@miyabi/testing'
import { expect, it, onTestFinished } from 'vitest'
import { CacheCore } from '../../src/cache/core.js'
import { MemoryLevel } from '../../src/cache/memory.js'
import { POSITION_COLUMNS, type PositionRow, positionOf } from '../../src/cache/position.js'

function gate() {
  let resolve = (): void => {}
  const opened = new Promise<void>((open) => {
    resolve = open
  })
  return { opened, resolve: () => resolve() }
}

it('is not served what was read while a commit was in the log and could not be seen yet', async () => {
  // A standby that never comes: each commit is flushed, and waits for it in front of being seen.
  const server = await startPrivateServer({ settings: ['max_connections=12', 'synchronous_commit=local'] })
  onTestFinished(() => server.close())
  await server.run(`CREATE TABLE held (n integer); INSERT INTO held VALUES (1)`)
  const ask = <Row extends object>(text: string): Promise<Row[]> => sql<Row>(server.url(), text)
  const position = async () => {
    const [row] = await ask<PositionRow>(`SELECT ${POSITION_COLUMNS}`)
    if (!row) throw new Error('no row')
    return positionOf(row)
  }
  const core = new CacheCore({
    memory: new MemoryLevel({ maxBytes: 1e6, maxEntries: 100 }),
    line: { token: 'always' },
    second: undefined,
    position,
    logger: silentLogger,
  })
  let hasRead = gate()
  let mayEnd = Promise.resolve()
  const get = () =>
    core.get({
      key: 'held',
      tags: ['held'],
      ttlMs: 60_000,
      absentTtlMs: 60_000,
      swrMs: 0,
      staleIfErrorMs: 0,
      keepMs: 0,
      minimum: undefined,
      load: async () => {
        const [row] = await ask<{ n: number }>('SELECT n FROM held')
        hasRead.resolve()
        await mayEnd
        return row?.n
      },
    })
  let equal = 0
  for (let n = 1; n <= 5; n++) {
    await server.run(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`)
    await server.run('SELECT pg_reload_conf()')
    await until(async () => (await ask(`SELECT FROM pg_settings WHERE setting = 'nobody'`)).length > 0)
    const committing = ask('SET synchronous_commit = on; UPDATE held SET n = n + 1')
    await until(async () => (await ask(`SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)).length > 0)
    core.board.raise(['held'], await position()) // so that it loads
    const before = await position()
    // Every other load is stored only after the tag was raised.
    const isSlow = n % 2 === 0
    const end = gate()
    hasRead = gate()
    mayEnd = isSlow ? end.opened : Promise.resolve()
    const first = get()
    await (isSlow ? hasRead.opened : first)
    await server.run(`ALTER SYSTEM RESET synchronous_standby_names`)
    await server.run('SELECT pg_reload_conf()')
    await committing
    // As the relay does, which sees the row of the outbox with all else of the transaction.
    const raised = await position()
    if (raised.lsn === before.lsn) equal += 1
    core.board.raise(['held'], raised)
    end.resolve()
    expect(await first).toBe(n)
    mayEnd = Promise.resolve()
    expect(await get()).toBe(n + 1)
  }
  // The entry and its tag had the very same position: whoever took `<=` for `<` would serve the old row for good.
  expect(equal).toBeGreaterThan(0)
})
