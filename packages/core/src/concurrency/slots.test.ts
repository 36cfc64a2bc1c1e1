import { describe, expect, it } from 'vitest'
import { Slots } from './slots.js'

const take = (slots: Slots, wait: { ms?: number; signal?: AbortSignal } = {}): Promise<void> =>
  new Promise((resolve, reject) => {
    const { ms = 10_000, signal } = wait
    slots.take({ signal, limit: { ms, onTimeout: () => new Error('too long') } }, (error) =>
      error ? reject(error) : resolve(),
    )
  })

describe('Slots', () => {
  it('hands out as many as there are, then first come first served', async () => {
    const slots = new Slots(2)
    await take(slots)
    await take(slots)
    const order: string[] = []
    const first = take(slots).then(() => order.push('first'))
    const second = take(slots).then(() => order.push('second'))
    slots.give()
    slots.give()
    await Promise.all([first, second])
    expect(order).toEqual(['first', 'second'])
  })

  it('calls back at once where one is free', () => {
    let called = false
    new Slots(1).take({ signal: undefined }, () => {
      called = true
    })
    expect(called).toBe(true)
  })

  it('forgets who goes away, and who waited too long', async () => {
    const slots = new Slots(1)
    await take(slots)
    const controller = new AbortController()
    const gone = take(slots, { signal: controller.signal })
    const late = take(slots, { ms: 10 })
    const next = take(slots)
    controller.abort(new Error('gone'))
    await expect(gone).rejects.toThrow('gone')
    await expect(late).rejects.toThrow('too long')
    slots.give()
    await next
  })

  it('ends each wait at its own limit, in whichever order they came', async () => {
    const slots = new Slots(1)
    await take(slots)
    const ended: number[] = []
    const begun = performance.now()
    const waits = [80, 20, 50].map(async (ms) => {
      await expect(take(slots, { ms })).rejects.toThrow('too long')
      expect(performance.now() - begun).toBeGreaterThanOrEqual(ms)
      ended.push(ms)
    })
    await Promise.all(waits)
    expect(ended).toEqual([20, 50, 80])
    expect(slots.stats.waiting).toBe(0)
  })

  it('keeps no process alive once nobody waits, and does as long as somebody does', async () => {
    const slots = new Slots(1)
    await take(slots)
    const running = (): boolean => process.getActiveResourcesInfo().includes('Timeout')
    const before = running()
    const waits = [take(slots), take(slots)]
    expect(running()).toBe(true)
    slots.give()
    await waits[0]
    expect(running()).toBe(true)
    slots.give()
    await waits[1]
    expect(running()).toBe(before)
  })

  it('gives nothing to who went away before', async () => {
    const slots = new Slots(1)
    await expect(take(slots, { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone')
    await take(slots)
  })

  it('sends everybody away', async () => {
    const slots = new Slots(1)
    await take(slots)
    const waiting = [take(slots), take(slots)]
    slots.refuse(new Error('closed'))
    for (const waiter of waiting) await expect(waiter).rejects.toThrow('closed')
  })

  it('tells when all are free', async () => {
    const slots = new Slots(2)
    await slots.allFree()
    await take(slots)
    await take(slots)
    let free = false
    const all = slots.allFree().then(() => {
      free = true
    })
    slots.give()
    await Promise.resolve()
    expect(free).toBe(false)
    slots.give()
    await all
  })
})

describe('Slots by promises', () => {
  it('lets as many in as there are slots, the others in the order of their coming', async () => {
    const queue = new Slots(2)
    const order: number[] = []
    const releases: (() => void)[] = []
    const all = [1, 2, 3, 4].map(async (n) => {
      releases.push(await queue.acquire())
      order.push(n)
    })
    await Promise.all(all.slice(0, 2))
    expect(queue.stats).toEqual({ max: 2, active: 2, waiting: 2 })
    releases[0]?.()
    await all[2]
    expect(order).toEqual([1, 2, 3])
    releases[1]?.()
    await all[3]
    for (const release of releases) release()
    expect(queue.stats).toEqual({ max: 2, active: 0, waiting: 0 })
  })

  it('gives a slot back once, however often it is told', async () => {
    const queue = new Slots(1)
    const release = await queue.acquire()
    release()
    release()
    await queue.acquire()
    expect(queue.stats).toEqual({ max: 1, active: 1, waiting: 0 })
  })

  it('loses no place when one who waits goes away', async () => {
    const queue = new Slots(1)
    const release = await queue.acquire()
    const controller = new AbortController()
    const left = queue.acquire(controller.signal)
    const next = queue.acquire()
    const reason = new Error('gone')
    controller.abort(reason)
    await expect(left).rejects.toBe(reason)
    expect(queue.stats.waiting).toBe(1)
    release()
    ;(await next)()
    expect(queue.stats).toEqual({ max: 1, active: 0, waiting: 0 })
  })
})
