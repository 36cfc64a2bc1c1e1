import { afterEach, describe, expect, it, vi } from 'vitest'
import { WriteWakes } from './write-wakes.js'

afterEach(() => {
  vi.useRealTimers()
})

function wakesOf(isRaised: () => Promise<boolean>) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  let woken = 0
  const wakes = new WriteWakes(() => {
    woken += 1
  }, isRaised)
  return { wakes, woken: () => woken }
}

describe('WriteWakes', () => {
  it('wakes at the first write, at most once in 10 ms, and after the last', async () => {
    const { wakes, woken } = wakesOf(async () => true)
    wakes.wrote()
    await vi.advanceTimersByTimeAsync(0)
    expect(woken()).toBe(1)
    for (let ms = 0; ms < 95; ms += 1) {
      wakes.wrote()
      await vi.advanceTimersByTimeAsync(1)
    }
    expect(woken()).toBe(10)
    await vi.advanceTimersByTimeAsync(10)
    expect(woken()).toBe(11)
    await vi.advanceTimersByTimeAsync(1000)
    expect(woken()).toBe(11)
  })

  it('wakes no relay if no table raises tags, and checks this once a minute', async () => {
    let asked = 0
    let isRaised = false
    const { wakes, woken } = wakesOf(async () => {
      asked += 1
      return isRaised
    })
    for (let n = 0; n < 50; n += 1) {
      wakes.wrote()
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect([asked, woken()]).toEqual([1, 0])
    isRaised = true
    await vi.advanceTimersByTimeAsync(10_000)
    wakes.wrote()
    await vi.advanceTimersByTimeAsync(0)
    expect([asked, woken()]).toEqual([2, 1])
  })

  it('wakes no relay after it was closed', async () => {
    const { wakes, woken } = wakesOf(async () => true)
    wakes.wrote()
    wakes.wrote()
    wakes.close()
    await vi.advanceTimersByTimeAsync(1000)
    expect(woken()).toBe(1)
  })
})
