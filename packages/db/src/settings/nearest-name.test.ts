import { describe, expect, it } from 'vitest'
import { nearestName } from './nearest-name.js'

describe('nearestName', () => {
  it('counts changed, added and removed characters', () => {
    expect(nearestName('kitten', ['sitting'], 3)).toBe('sitting')
    expect(nearestName('kitten', ['sitting'], 2)).toBeUndefined()
    expect(nearestName('', ['abc', 'ab'], 9)).toBe('ab')
    expect(nearestName('same', ['sane', 'same', 'game'], 3)).toBe('same')
    expect(nearestName('same', ['sane', 'game'], 1)).toBe('sane')
  })

  it('has no answer without names', () => {
    expect(nearestName('a', [], 3)).toBeUndefined()
  })
})
