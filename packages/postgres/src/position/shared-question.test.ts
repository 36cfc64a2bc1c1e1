import { describe, expect, it } from 'vitest'
import { SharedQuestion } from './shared-question.js'

describe('a shared question', () => {
  it('is sent again, once, for all callers that arrive during a query, also after a failure', async () => {
    const sent: ((answer: number | Error) => void)[] = []
    const question = new SharedQuestion(
      () =>
        new Promise<number>((resolve, reject) => {
          sent.push((answer) => (typeof answer === 'number' ? resolve(answer) : reject(answer)))
        }),
    )
    const first = question.ask()
    const others = [question.ask(), question.ask()]
    expect(sent).toHaveLength(1)
    sent[0]?.(new Error('no'))
    await expect(first).rejects.toThrow('no')
    await expect.poll(() => sent.length).toBe(2)
    const last = question.ask()
    sent[1]?.(2)
    expect(await Promise.all(others)).toEqual([2, 2])
    await expect.poll(() => sent.length).toBe(3)
    sent[2]?.(3)
    expect(await last).toBe(3)
  })
})
