import { describe, expect, it } from 'vitest'
import { Slots } from './slots.js'

const take = (slots: Slots, wait: { ms?: number; signal?: AbortSignal } = {}): Promise<void> =>
  new Promise((resolve, reject) => {
    const { ms = 10_000, signal } = wait
    slots.take({ ms, signal, onTimeout: () => new Error('too long') }, (error) => (error ? reject(error) : resolve()))
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
    new Slots(1).take({ ms: 1, signal: undefined, onTimeout: () => new Error() }, () => {
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
