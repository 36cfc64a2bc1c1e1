import { describe, expect, it } from 'vitest'
import { Closing, Grace } from './grace.js'

const never = new Promise<void>(() => {})

describe('a grace', () => {
  it('covers what settles before its end, however that ends, and nothing else', async () => {
    const grace = new Grace(10)
    expect(await grace.covers(Promise.resolve())).toBe(true)
    expect(await grace.covers(Promise.reject(new Error('failed')))).toBe(true)
    expect(await grace.covers(never)).toBe(false)
  })

  it('is shortened by whoever waits less, never lengthened', async () => {
    const grace = new Grace(1e9)
    const waiting = grace.covers(never)
    grace.shorten(5)
    grace.shorten(1e9)
    expect(await waiting).toBe(false)
  })
})

describe('closing', () => {
  it('happens once, and ends for all with the shortest grace', async () => {
    let runs = 0
    const closing = new Closing(async (grace) => {
      runs += 1
      return grace.covers(never)
    })
    expect(closing.hasBegun).toBe(false)
    const first = closing.close(1e9)
    expect(closing.hasBegun).toBe(true)
    const second = closing.close(5)
    expect(await Promise.all([first, second, closing.close()])).toEqual([false, false, false])
    expect(runs).toBe(1)
  })
})
