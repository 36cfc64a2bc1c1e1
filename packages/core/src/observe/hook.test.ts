import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { addObserver, Hook, type Hooks, type ObserverContext } from './hook.js'

function hook<Facts>() {
  const failures: unknown[] = []
  return { failures, hook: new Hook<Facts>((error) => failures.push(error)) }
}

describe('a hook', () => {
  it('tells all who listen, in turn, until they end', () => {
    const { hook: numbers } = hook<number>()
    const heard: string[] = []
    expect(numbers.isHeard).toBe(false)
    const listener = (facts: number): void => void heard.push(`a${facts}`)
    const ends = [listener, listener, (facts: number) => heard.push(`b${facts}`)].map((one) => numbers.add(one))
    numbers.tell(1)
    ends[0]?.()
    ends[0]?.()
    numbers.tell(2)
    for (const end of ends) end()
    numbers.tell(3)
    expect(heard).toEqual(['a1', 'a1', 'b1', 'a2', 'b2'])
    expect(numbers.isHeard).toBe(false)
  })

  it('goes on after one that throws or rejects, and tells of it once', async () => {
    const { hook: numbers, failures } = hook<number>()
    const heard: number[] = []
    numbers.add(() => {
      throw new Error('thrown')
    })
    numbers.add(async () => {
      throw new Error('rejected')
    })
    numbers.add((facts) => heard.push(facts))
    for (const facts of [1, 2, 3]) numbers.tell(facts)
    await setImmediate()
    expect(heard).toEqual([1, 2, 3])
    expect(failures).toEqual([new Error('thrown'), new Error('rejected')])
  })

  it('tells those who want it in the asynchronous context of who asked', async () => {
    const { hook: numbers } = hook<number>()
    const storage = new AsyncLocalStorage<string>()
    const heard: unknown[] = []
    numbers.add(() => heard.push(storage.getStore()))
    expect(storage.run('asker', () => numbers.capture())).toBeUndefined()
    const end = numbers.add(() => heard.push(storage.getStore()), true)
    const context = storage.run('asker', () => numbers.capture())
    storage.run('another', () => numbers.tell(1, context))
    expect(heard).toEqual(['asker', 'asker'])
    end()
    expect(numbers.capture()).toBeUndefined()
  })

  it('may lose and win listeners while it tells', () => {
    const { hook: numbers } = hook<number>()
    const heard: string[] = []
    const end = numbers.add(() => {
      heard.push('first')
      end()
      numbers.add(() => heard.push('late'))
    })
    numbers.add(() => heard.push('second'))
    numbers.tell(1)
    expect(heard).toEqual(['first', 'second'])
    numbers.tell(2)
    expect(heard).toEqual(['first', 'second', 'second', 'late'])
  })
})

it('adds an observer to the hooks whose methods it has, as an object with state of its own', () => {
  interface Observer extends ObserverContext {
    number?(facts: number): void
    text?(facts: string): void
  }
  const hooks: Hooks<Observer> = { number: hook<number>().hook, text: hook<string>().hook }
  class Sum {
    total = 0
    number(facts: number): void {
      this.total += facts
    }
  }
  const sum = new Sum()
  const end = addObserver(hooks, sum)
  hooks.number.tell(2)
  hooks.number.tell(3)
  expect(hooks.text.isHeard).toBe(false)
  end()
  hooks.number.tell(4)
  expect(sum.total).toBe(5)
})
