import { describe, expect, it } from 'vitest'
import { SocketQueue } from './socket-queue.js'

describe('SocketQueue', () => {
  it('lets as many out as there are connections, the others in the order of their coming', async () => {
    const queue = new SocketQueue(2)
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

  it('gives a connection back once, however often it is told', async () => {
    const queue = new SocketQueue(1)
    const release = await queue.acquire()
    release()
    release()
    await queue.acquire()
    expect(queue.stats).toEqual({ max: 1, active: 1, waiting: 0 })
  })

  it('loses no place when one who waits goes away', async () => {
    const queue = new SocketQueue(1)
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
