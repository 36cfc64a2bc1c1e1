import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type CallInProgress, Calls } from './calls.js'

const start = { store: 'postgresql', operation: 'plugin.findMany' } as const

function calls() {
  const failures: unknown[] = []
  return { failures, calls: new Calls((error) => failures.push(error)) }
}

/** One who notes what becomes of calls. */
function noting(name: string, heard: string[], changes: Partial<CallInProgress> = {}): () => CallInProgress {
  return () => ({
    run(work) {
      heard.push(`${name} in`)
      return work()
    },
    end: (error) => heard.push(`${name} ${error?.code ?? 'ok'}`),
    ...changes,
  })
}

describe('calls that are followed', () => {
  it('run within all who follow, and tell them how they ended', async () => {
    const { calls: followed } = calls()
    const heard: string[] = []
    expect(followed.isFollowed).toBe(false)
    const ends = ['a', 'b'].map((name) => followed.add(noting(name, heard)))
    expect(await followed.run(start, async () => 1, String)).toBe(1)
    await expect(
      followed.run(
        start,
        () => Promise.reject(new Error('no')),
        () => 'code',
      ),
    ).rejects.toThrow('no')
    await setImmediate()
    expect(heard).toEqual(['b in', 'a in', 'a ok', 'b ok', 'b in', 'a in', 'a code', 'b code'])
    for (const end of ends) end()
    expect(followed.isFollowed).toBe(false)
  })

  const fails = (): never => {
    throw new Error('mine')
  }
  it.each<[string, () => CallInProgress | undefined]>([
    ['throws at the beginning', fails],
    ['has no interest', () => undefined],
    ['throws in place of the call', noting('bad', [], { run: fails })],
    ['makes no call', noting('bad', [], { run: () => undefined as never })],
    [
      'makes it twice, and throws then',
      noting('bad', [], {
        run(work) {
          work()
          work()
          return fails()
        },
      }),
    ],
    ['throws at the end', noting('bad', [], { end: fails })],
  ])('are made once where one %s', async (_name, follower) => {
    const { calls: followed, failures } = calls()
    followed.add(follower)
    let made = 0
    for (let time = 1; time <= 3; time += 1) {
      const work = async (): Promise<void> => {
        made += 1
      }
      await followed.run(start, work, String)
      await setImmediate()
      expect(made).toBe(time)
    }
    expect(failures.length).toBeLessThanOrEqual(1)
  })
})
