import { stat } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fullJitter, sleep, withDeadline } from './time.js'

const never = (): Promise<never> => new Promise(() => {})
const late = (): Error => new Error('late')

describe('fullJitter', () => {
  it('stays below both the doubled initial wait and the maximum', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 60_000 }),
        (retry, initialMs, maxMs) => {
          const ms = fullJitter(retry, { initialMs, maxMs })
          expect(ms).toBeGreaterThanOrEqual(0)
          expect(ms).toBeLessThan(Math.min(maxMs, initialMs * 2 ** retry))
        },
      ),
    )
  })

  it('uses the whole interval', () => {
    expect(fullJitter(3, { initialMs: 100, maxMs: 20_000 }, () => 0.999)).toBe(799)
    expect(fullJitter(30, { initialMs: 100, maxMs: 20_000 }, () => 0.5)).toBe(10_000)
  })
})

describe('sleep', () => {
  it('rejects with the reason when aborted, before or during', async () => {
    const controller = new AbortController()
    const sleeping = sleep(60_000, controller.signal)
    controller.abort(new Error('stop'))
    await expect(sleeping).rejects.toThrow('stop')
    await expect(sleep(1, controller.signal)).rejects.toThrow('stop')
  })
})

describe('withDeadline', () => {
  it('gives the result of work that is in time', async () => {
    await expect(withDeadline({ ms: 1000, onTimeout: late }, async () => 42)).resolves.toBe(42)
  })

  it('settles in time although the work ignores its signal, and aborts that signal', async () => {
    let seen: AbortSignal | undefined
    await expect(
      withDeadline({ ms: 20, onTimeout: late }, (signal) => {
        seen = signal
        return never()
      }),
    ).rejects.toThrow('late')
    expect(seen?.aborted).toBe(true)
  })

  it('takes an answer that came in time while this process was too busy to look', async () => {
    const answered = withDeadline({ ms: 150, onTimeout: late }, async () => {
      await stat('.')
      const answer = stat('.') // the system answers within a moment, in a thread of its own
      const busyUntil = performance.now() + 300
      while (performance.now() < busyUntil);
      return answer
    })
    await expect(answered).resolves.toBeDefined()
  })

  it('takes one signal of the caller for many calls at once, without a warning of a leak', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning)
    process.on('warning', onWarning)
    const { signal } = new AbortController()
    const calls = Array.from({ length: 20 }, () => withDeadline({ ms: 1000, signal, onTimeout: late }, () => sleep(5)))
    await Promise.all(calls)
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
  })

  it('passes on the abort of the caller with its own reason', async () => {
    const controller = new AbortController()
    const running = withDeadline({ ms: 60_000, signal: controller.signal, onTimeout: late }, never)
    controller.abort(new Error('caller'))
    await expect(running).rejects.toThrow('caller')
    await expect(withDeadline({ ms: 10, signal: controller.signal, onTimeout: late }, never)).rejects.toThrow('caller')
  })

  it('lets nobody hear a failure that comes after the deadline', async () => {
    let fail: (error: Error) => void = () => {}
    const work = new Promise<never>((_resolve, reject) => {
      fail = reject
    })
    await expect(withDeadline({ ms: 5, onTimeout: late }, () => work)).rejects.toThrow('late')
    fail(new Error('afterwards'))
    await sleep(5)
  })

  it('takes the error of work that throws at once', async () => {
    await expect(
      withDeadline({ ms: 1000, onTimeout: late }, () => {
        throw new Error('at once')
      }),
    ).rejects.toThrow('at once')
  })
})
