import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Place, WaitingLine } from './waiting-line.js'

describe('WaitingLine', () => {
  it('is a list from which anybody may leave, whoever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1, max: 20 }), { maxLength: 60 }), (steps) => {
        const line = new WaitingLine<number>()
        const model: Place<number>[] = []
        for (const [number, step] of steps.entries()) {
          const [leaving] = step < 0 ? [] : model.splice(step, 1)
          if (leaving) expect([line.leave(leaving), line.leave(leaving)]).toEqual([true, false])
          else model.push(line.join(number))
          expect(line.places).toEqual(model)
          expect([line.size, line.first]).toEqual([model.length, model[0]])
        }
      }),
    )
  })

  it('leads from no place that was left to another', () => {
    const line = new WaitingLine<string>()
    const [first, second, third] = ['a', 'b', 'c'].map((name) => line.join(name))
    for (const place of [second, first, third]) if (place) line.leave(place)
    for (const place of [first, second, third]) expect([place?.before, place?.after]).toEqual([undefined, undefined])
  })
})
