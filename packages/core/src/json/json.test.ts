import { describe, expect, it } from 'vitest'
import { stringifyJson, toJson } from './json.js'

describe('toJson', () => {
  it('carries what rows and items hold without losing a digit', () => {
    const decimalLike = { toJSON: () => '4.50' }
    expect(
      toJson({
        githubId: 9_007_199_254_740_993n,
        rating: decimalLike,
        at: new Date('2026-01-02T03:04:05.678Z'),
        bytes: Buffer.from('hi'),
        view: new Uint8Array([1, 2]),
        missing: undefined,
        list: [1n, null],
      }),
    ).toEqual({
      githubId: '9007199254740993',
      rating: '4.50',
      at: '2026-01-02T03:04:05.678Z',
      bytes: 'aGk=',
      view: 'AQI=',
      list: ['1', null],
    })
  })

  it('gives null for a bare undefined', () => {
    expect(toJson(undefined)).toBeNull()
  })

  it('indents where asked', () => {
    expect(stringifyJson({ n: 1n }, 2)).toBe('{\n  "n": "1"\n}')
  })
})
