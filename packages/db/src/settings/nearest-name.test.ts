import { describe, expect, it } from 'vitest'
import { nearestName } from './nearest-name.js'

describe('nearestName', () => {
  it('counts changed, added and removed characters', () => {
    expect(nearestName('kitten', ['sitting'])).toEqual({ name: 'sitting', changes: 3 })
    expect(nearestName('', ['ab', 'abc'])).toEqual({ name: 'ab', changes: 2 })
    expect(nearestName('same', ['other', 'same'])).toEqual({ name: 'same', changes: 0 })
  })

  it('has no answer without names', () => {
    expect(nearestName('a', [])).toBeUndefined()
  })
})
