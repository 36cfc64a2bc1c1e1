import { describe, expect, it } from 'vitest'
import { shared } from './shared.js'

describe('shared()', () => {
  it('does the work once for all who ask while it is under way', async () => {
    let done = 0
    let finish: (() => void) | undefined
    const ask = shared(0, () => {
      done += 1
      return new Promise<number>((resolve) => {
        finish = () => resolve(done)
      })
    })
    const answers = [ask(), ask(), ask()]
    finish?.()
    expect(await Promise.all(answers)).toEqual([1, 1, 1])
  })

  it('keeps a result, or a failure, as long as it says and no longer', async () => {
    let done = 0
    const work = async (): Promise<number> => {
      done += 1
      if (done === 1) throw new Error('no')
      return done
    }
    const kept = shared(3_600_000, work)
    await expect(kept()).rejects.toThrow('no')
    await expect(kept()).rejects.toThrow('no')
    expect(done).toBe(1)
    const fresh = shared(0, work)
    expect([await fresh(), await fresh()]).toEqual([2, 3])
  })
})
