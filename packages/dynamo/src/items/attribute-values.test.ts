import { unmarshall } from '@aws-sdk/util-dynamodb'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { DynamoValueError } from '../errors/errors.js'
import {
  type AttributeValue,
  fromB,
  fromBigInt,
  fromBool,
  fromItem,
  fromL,
  fromM,
  fromN,
  fromNS,
  fromS,
  fromSS,
  isNull,
  toB,
  toBool,
  toItem,
  toL,
  toM,
  toN,
  toNS,
  toNull,
  toS,
  toSS,
} from './attribute-values.js'

const pathOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(DynamoValueError)
    return (error as DynamoValueError).details.path
  }
  throw new Error('nothing was refused')
}

describe('the attribute helpers', () => {
  it('make the wire form and read it back', () => {
    expect(toS('text')).toEqual({ S: 'text' })
    expect(toN(123)).toEqual({ N: '123' })
    expect(toN(2n ** 64n)).toEqual({ N: '18446744073709551616' })
    expect(fromS(toS('text'))).toBe('text')
    expect(fromN(toN(-1.5))).toBe(-1.5)
    expect(fromBigInt(toN(2n ** 64n))).toBe(2n ** 64n)
    expect(fromBool(toBool(false))).toBe(false)
    expect(isNull(toNull())).toBe(true)
    expect(fromB(toB(Uint8Array.of(1, 2)))).toEqual(Uint8Array.of(1, 2))
    expect(fromSS(toSS(['a', 'b', 'a']))).toEqual(new Set(['a', 'b']))
    expect(fromNS(toNS([1, 2]))).toEqual(new Set([1, 2]))
    expect(toM({ a: [1, null], b: undefined })).toEqual({ M: { a: { L: [{ N: '1' }, { NULL: true }] } } })
    expect(fromM(toM({ a: { b: 'c' } }))).toEqual({ a: { b: 'c' } })
    expect(fromL(toL(['a', 2, { c: true }]))).toEqual(['a', 2, { c: true }])
  })

  it('fit the SDK without a cast', () => {
    expectTypeOf(toS('x')).toExtend<AttributeValue>()
    expectTypeOf(toItem({})).toEqualTypeOf<Record<string, AttributeValue>>()
    expectTypeOf(fromN(toN(1))).toEqualTypeOf<number>()
  })

  it('refuse what DynamoDB cannot carry, naming where it is', () => {
    expect(pathOf(() => toN(Number.NaN))).toBe('the number')
    expect(pathOf(() => toN(2 ** 53))).toBe('the number')
    expect(pathOf(() => toItem({ a: { b: [1, Number.POSITIVE_INFINITY] } }))).toBe('a.b[1]')
    expect(pathOf(() => toItem({ at: new Date() }))).toBe('at')
    expect(pathOf(() => toItem({ tags: new Set() }))).toBe('tags')
    expect(pathOf(() => toItem({ text: 'half \ud800' }))).toBe('text')
    expect(pathOf(() => toItem({ run: () => 1 }))).toBe('run')
    expect(pathOf(() => toL([undefined]))).toBe('[0]')
    expect(pathOf(() => toSS([]))).toBe('the set')
  })

  it('refuse an attribute of another type instead of reading undefined', () => {
    expect(() => fromS(toN(1))).toThrow('is of type N; expected S')
    expect(() => fromN(undefined)).toThrow('is missing; expected type N')
    expect(() => fromN({ N: '9007199254740993' })).toThrow('fromBigInt')
  })

  it('carry any JSON there and back, equal to the SDK', () => {
    const json = fc.dictionary(
      fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => name !== '__proto__'),
      fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 4 }),
    )
    fc.assert(
      fc.property(json, (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as Record<string, unknown>
        let item: Record<string, AttributeValue>
        try {
          item = toItem(plain)
        } catch (error) {
          expect(error).toBeInstanceOf(DynamoValueError)
          return
        }
        expect(fromItem(item)).toEqual(plain)
        expect(unmarshall(item)).toEqual(plain)
      }),
    )
  })
})
