import { randomUUID } from 'node:crypto'
import { until } from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FETCH } from '../../src/relay/statements.js'
import { OutboxWorld } from './world.js'

const isLong = process.env['MIYABI_TEST_LONG'] === '1'
/** A million in a long run. */
const DEAD_ROWS = isLong ? 1_000_000 : 20_000
const PORTION = 5000

let world: OutboxWorld
beforeAll(async () => {
  world = await OutboxWorld.open()
})
afterAll(() => world[Symbol.asyncDispose]())

/** Pages that a fetch reads, as the relay asked for it last. */
async function pagesOf(values: readonly unknown[]): Promise<number> {
  const [answer] = await world.ask<{ 'QUERY PLAN': string }[]>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${FETCH}`,
    values,
  )
  const text = JSON.stringify(answer)
  return (
    Number(/"Shared Hit Blocks":\s*(\d+)/.exec(text)?.[1]) + Number(/"Shared Read Blocks":\s*(\d+)/.exec(text)?.[1])
  )
}

it(
  `reads the same pages with ${DEAD_ROWS.toLocaleString('en')} dead rows under an old snapshot as with none`,
  async () => {
    let last: readonly unknown[] = []
    const watched: typeof world.ask = (text, values) => {
      if (text === FETCH) last = values
      return world.ask(text, values)
    }
    let begin = (): void => {}
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    let end = (): void => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    // A reader that began before all of it, and keeps its snapshot.
    const reading = world.db.asService().transaction(
      async (_tx, { query }) => {
        await query('SELECT count(*) FROM outbox')
        begin()
        await ended
      },
      { isolation: 'RepeatableRead', deadlineMs: 3_600_000 },
    )
    await begun
    const relay = world.relay({ x: { handle: async () => {} } }, { world: { ask: watched } })
    await until(async () => last.length > 0)
    await world.write([{ topic: 'x' }])
    expect(await relay.drain(600_000)).toEqual({ drained: true })
    const before = await pagesOf(last)
    for (let written = 0; written < DEAD_ROWS; written += PORTION) {
      await world.ask(
        `INSERT INTO outbox (id, topic, payload) SELECT $1::uuid, 'x', '{}' FROM generate_series(1, ${PORTION})`,
        [randomUUID()],
      )
      relay.wake()
      expect(await relay.drain(600_000)).toEqual({ drained: true })
    }
    // The floor follows when the last transactions have ended.
    await until(async () => (await pagesOf(last)) <= before + 16 * 2)
    const fromZero = await pagesOf([last[0], (last[1] as string[]).map(() => '0'), ...last.slice(2)])
    end()
    await reading
    expect(await relay.close(60_000)).toEqual({ drained: true })
    // That the dead rows are there: whoever begins at 0 reads them all.
    expect(fromZero).toBeGreaterThan(before + DEAD_ROWS / 200)
  },
  isLong ? 3_600_000 : 180_000,
)
