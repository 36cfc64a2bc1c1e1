import { expect, it } from 'vitest'
import { defined } from './defined.js'

it('leaves out what is undefined, and nothing else that is falsy', () => {
  const members = defined({ a: 0, b: undefined, c: null, d: '', e: false })
  expect(Object.keys(members)).toEqual(['a', 'c', 'd', 'e'])
})

it('makes what may be undefined optional, and leaves the rest as it is', () => {
  const name = 'x' as string | undefined
  const members = defined({ name, count: 1 })
  const taken: { readonly count: number; readonly name?: string } = members
  expect(taken).toEqual({ name: 'x', count: 1 })
})
