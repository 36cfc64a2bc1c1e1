import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { DepthBound } from './depth-bound.js'

const warned = vi.fn()
const logger = { debug: () => {}, info: () => {}, warn: warned, error: () => {} }

beforeEach(() => {
  vi.useFakeTimers()
  warned.mockClear()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A bound of ten, and the outbox that it counts. */
function bounded() {
  const outbox = { depth: 0, asked: 0, takesMs: 1 }
  const bound = new DepthBound(
    10,
    async () => {
      outbox.asked += 1
      await new Promise((resolve) => setTimeout(resolve, outbox.takesMs))
      if (Number.isNaN(outbox.depth)) throw new Error('down')
      return outbox.depth
    },
    logger,
  )
  return { outbox, bound }
}
const isFull = ({ bound }: ReturnType<typeof bounded>): boolean => {
  try {
    bound.assertRoom()
    return false
  } catch (error) {
    expect(error).toMatchObject({ code: 'db.outbox.full', retryable: true, details: { maxDepth: 10 } })
    return true
  }
}

it('refuses nothing that it does not know, and what it knows while that is new', async () => {
  const it = bounded()
  it.outbox.depth = 10
  it.bound.look()
  expect(isFull(it)).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(isFull(it)).toBe(true)
  it.outbox.depth = 9
  it.bound.look()
  await vi.advanceTimersByTimeAsync(500)
  expect(isFull(it)).toBe(true)
  await vi.advanceTimersByTimeAsync(500)
  it.bound.look()
  await vi.advanceTimersByTimeAsync(1)
  expect(isFull(it)).toBe(false)
  it.outbox.depth = 10
  await vi.advanceTimersByTimeAsync(1000)
  it.bound.look()
  await vi.advanceTimersByTimeAsync(1)
  expect(it.bound.stats).toEqual({ maxDepth: 10, depth: 10, refused: 2 })
  expect(it.outbox.asked).toBe(3)
  await vi.advanceTimersByTimeAsync(6000)
  expect(isFull(it)).toBe(false)
  expect(it.bound.stats.depth).toBeUndefined()
})

it('counts the less often the longer that takes', async () => {
  const it = bounded()
  it.outbox.takesMs = 500
  for (let ms = 0; ms < 30_000; ms += 100) {
    it.bound.look()
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(it.outbox.asked).toBe(3)
})

it('refuses nothing where it cannot count, and says so once', async () => {
  const it = bounded()
  it.outbox.depth = 10
  it.bound.look()
  await vi.advanceTimersByTimeAsync(1001)
  it.outbox.depth = Number.NaN
  for (let ms = 0; ms < 6000; ms += 100) {
    it.bound.look()
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(isFull(it)).toBe(false)
  expect(it.outbox.asked).toBeLessThan(8)
  expect(warned).toHaveBeenCalledTimes(1)
})
