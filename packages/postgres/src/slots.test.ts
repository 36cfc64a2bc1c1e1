import { describe, expect, it } from 'vitest'
import { Slots } from './slots.js'

const never = new AbortController().signal

describe('Slots', () => {
  it('hands out as many as there are, then first come first served', async () => {
    const slots = new Slots(2)
    await slots.take(never)
    await slots.take(never)
    const order: string[] = []
    const first = slots.take(never).then(() => order.push('first'))
    const second = slots.take(never).then(() => order.push('second'))
    slots.give()
    slots.give()
    await Promise.all([first, second])
    expect(order).toEqual(['first', 'second'])
  })

  it('forgets who gives up', async () => {
    const slots = new Slots(1)
    await slots.take(never)
    const controller = new AbortController()
    const gone = slots.take(controller.signal)
    const next = slots.take(never)
    controller.abort(new Error('gone'))
    await expect(gone).rejects.toThrow('gone')
    slots.give()
    await next
  })

  it('sends everybody away', async () => {
    const slots = new Slots(1)
    await slots.take(never)
    const waiting = [slots.take(never), slots.take(never)]
    slots.refuse(new Error('closed'))
    for (const waiter of waiting) await expect(waiter).rejects.toThrow('closed')
  })

  it('tells when all are free', async () => {
    const slots = new Slots(2)
    await slots.allFree()
    await slots.take(never)
    await slots.take(never)
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
