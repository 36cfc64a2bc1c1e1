import { isDeepStrictEqual } from 'node:util'
import { Prisma } from '@miyabi/postgres'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CacheError } from '../errors/cache-error.js'
import { decode, encode } from './codec.js'
import { copied } from './copied.js'

const leaf = fc.oneof(
  fc.constantFrom(null, undefined, true, false, '', '\ud800', 'a\0b', '__proto__', 0, -0, Number.NaN, Infinity),
  fc.double(),
  fc.bigInt(),
  fc.string({ unit: 'binary' }),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array(),
  fc.tuple(fc.maxSafeInteger(), fc.nat(28)).map(([digits, scale]) => new Prisma.Decimal(digits).div(10 ** scale)),
)
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor')), tie('any'), { maxKeys: 5 }),
  ),
})).any

/** Replaces Prisma's decimals, whose internal form may differ, by their texts, and drops prototypes. */
const plain = (given: unknown): unknown => {
  if (Prisma.Decimal.isDecimal(given)) return ['decimal', String(given)]
  if (Array.isArray(given)) return given.map(plain)
  if (typeof given !== 'object' || given === null || given instanceof Date || given instanceof Uint8Array) return given
  return Object.entries(given).map(([name, member]) => [name, plain(member)])
}

describe('the codec', () => {
  it('restores every value unchanged, including values that JSON and UTF-8 would change', () => {
    fc.assert(
      fc.property(value, (given) => {
        for (const back of [decode(encode(given)), copied(given)])
          expect(isDeepStrictEqual(plain(back), plain(given))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('returns a separate copy of a value to each caller', () => {
    const given = { at: new Date(0), bytes: Uint8Array.of(1), list: [{ n: 1 }] }
    const copy = copied(given) as typeof given
    copy.at.setTime(5)
    copy.bytes[0] = 9
    copy.list.push({ n: 2 })
    expect(given).toEqual({ at: new Date(0), bytes: Uint8Array.of(1), list: [{ n: 1 }] })
  })

  it('rejects a value that it could not restore, and names its path', () => {
    const cyclic: unknown[] = []
    cyclic.push(cyclic)
    const refused = [{ a: [() => 1] }, { a: [Symbol('x')] }, { a: [new Map()] }, { a: [new (class Mine {})()] }]
    for (const given of refused) {
      const problem = expect.objectContaining({ code: 'db.cache.not_cacheable', details: { argument: 'value.a[0]' } })
      expect(() => encode(given)).toThrow(problem)
    }
    expect(() => encode(cyclic)).toThrow(CacheError)
  })

  it('terminates on any bytes, and decodes only supported values', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 200 }), value.map(encode)),
        fc.nat(),
        fc.nat(255),
        (given, at, to) => {
          const bytes = Buffer.from(given)
          if (bytes.length > 0) bytes[at % bytes.length] = to
          let read: unknown
          try {
            read = decode(bytes)
          } catch {
            return // nothing was decoded
          }
          encode(read)
        },
      ),
      { numRuns: 5000 },
    )
  })
})
