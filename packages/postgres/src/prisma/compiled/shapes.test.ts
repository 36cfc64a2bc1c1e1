import { expect, it } from 'vitest'
import { Shapes } from './shapes.js'

const known = (reason: string) => ({ reason })

it('finds a plan by the values that are part of it, and by no others', () => {
  const shapes = new Shapes()
  shapes.keep('k', ['somebody', 3], ['%1', undefined], known('three'))
  shapes.keep('k', ['somebody', 4], ['%1', undefined], known('four'))
  expect([3, 4, 5].map((take) => shapes.find('k', ['another', take]))).toEqual([
    known('three'),
    known('four'),
    undefined,
  ])
  expect(shapes.find('k', ['x', '3\0'])).toBeUndefined()
  shapes.keep('list', [['a', 'b']], [undefined], known('two'))
  expect([shapes.find('list', [['a,b']]), shapes.find('list', [['a', 'b']])]).toEqual([undefined, known('two')])
})

it('has no plan for a shape whose calls have plans of several kinds', () => {
  const shapes = new Shapes()
  shapes.keep('k', ['a'], ['%1'], known('by name'))
  shapes.keep('k', ['b'], [undefined], known('by value'))
  for (const value of ['a', 'b', 'c']) expect(shapes.find('k', [value])).toMatchObject({ reason: /different plans/ })
})

it('keeps a thousand plans, preferring those in use', () => {
  const shapes = new Shapes()
  for (let take = 0; take < 3000; take += 1) {
    shapes.keep('k', [take], [undefined], known(String(take)))
    expect(shapes.find('k', [0])).toEqual(known('0'))
  }
  const kept = Array.from({ length: 3000 }, (_, take) => shapes.find('k', [take])).filter(Boolean)
  expect(kept).toHaveLength(1000)
})
