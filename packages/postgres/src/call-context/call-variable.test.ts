import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { CallVariable } from './call-variable.js'

describe('CallVariable', () => {
  it('holds in all that the work awaits, and nowhere else', async () => {
    const who = new CallVariable<{ readonly id: number }>()
    const seen = async (): Promise<number | undefined> => {
      await tick()
      return who.current?.id
    }
    const results = await Promise.all([who.run({ id: 1 }, seen), seen(), who.run({ id: 2 }, seen)])
    expect([...results, who.current]).toEqual([1, undefined, 2, undefined])
  })

  it('leaves the others as they are, and those of another pool', () => {
    const [one, other] = [new CallVariable<{ readonly id: number }>(), new CallVariable<{ readonly id: number }>()]
    one.run({ id: 1 }, () => {
      other.run({ id: 2 }, () => expect([one.current?.id, other.current?.id]).toEqual([1, 2]))
      one.run({ id: 3 }, () => expect([one.current?.id, other.current?.id]).toEqual([3, undefined]))
      one.run(undefined, () => expect(one.current).toBeUndefined())
      expect(one.current?.id).toBe(1)
    })
  })

  it('does not grow with how often it is set inside of itself', () => {
    const variable = new CallVariable<{ readonly depth: number }>()
    const down = (depth: number): number | undefined =>
      depth === 0 ? variable.current?.depth : variable.run({ depth }, () => down(depth - 1))
    expect(down(1000)).toBe(1)
  })
})
