import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DynamoCursorError, DynamoInputError } from '../errors/errors.js'
import { decodeCursor, encodeCursor } from './cursor.js'
import {
  assertId,
  createIdSource,
  ID_BYTES,
  idCeiling,
  idFloor,
  idFromHex,
  idTime,
  idToHex,
  keyedId,
  randomIdAt,
} from './ids.js'

const moment = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) })

describe('createIdSource', () => {
  it('gives a hundred thousand ids of one millisecond, all different and in order', () => {
    const source = createIdSource(() => 1_750_000_000_000)
    const ids = Array.from({ length: 100_000 }, () => source.next())
    expect(new Set(ids).size).toBe(ids.length)
    expect([...ids].sort()).toEqual(ids)
    expect(ids.every((id) => assertId(id, 'id') && idTime(id) === 1_750_000_000_000)).toBe(true)
  })

  const sourceOf = (clock: readonly number[]) => {
    const times = [...clock]
    return createIdSource(() => times.shift() ?? 0)
  }

  it('stays in order whatever the clock does, as long as it is not set back by more than a minute', () => {
    const steps = fc.array(fc.integer({ min: -60_000, max: 10_000_000 }), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(steps, (given) => {
        let highest = 1_750_000_000_000
        const clock = given.map((step) => {
          const ms = highest + step
          highest = Math.max(highest, ms)
          return ms
        })
        const source = sourceOf(clock)
        const ids = clock.map(() => source.next())
        expect([...ids].sort()).toEqual(ids)
        expect(new Set(ids).size).toBe(ids.length)
      }),
    )
  })

  it('makes no id more than a minute ahead of its clock, and none twice, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(moment, { minLength: 2, maxLength: 50 }), (clock) => {
        const source = sourceOf(clock)
        const ids = clock.map(() => source.next())
        for (const [i, id] of ids.entries()) {
          const ahead = idTime(id) - (clock[i] ?? 0)
          expect(ahead).toBeGreaterThanOrEqual(0)
          expect(ahead).toBeLessThanOrEqual(60_000)
        }
        expect(new Set(ids).size).toBe(ids.length)
      }),
    )
  })

  it.each([1_750_000_000_000.5, Number.NaN, -1, Number.POSITIVE_INFINITY, '1750000000000'])(
    'refuses a clock that gives %s: nobody would find such an id again',
    (ms) => {
      expect(() => createIdSource(() => ms as number).next()).toThrow(DynamoInputError)
    },
  )

  it('keeps two sources apart', () => {
    const [a, b] = [createIdSource(() => 1), createIdSource(() => 1)]
    const ids = Array.from({ length: 1000 }, () => [a.next(), b.next()]).flat()
    expect(new Set(ids).size).toBe(2000)
  })
})

describe('an id', () => {
  it('holds its time, and lies between the bounds of its millisecond', () => {
    fc.assert(
      fc.property(moment, fc.string(), fc.string(), (ms, scope, key) => {
        for (const id of [randomIdAt(ms), keyedId(ms, scope, key)]) {
          expect(assertId(id, 'id')).toBe(id)
          expect(idTime(id)).toBe(ms)
          expect(idFloor(ms) <= id && id <= idCeiling(ms)).toBe(true)
          expect(id < idFloor(ms + 1)).toBe(true)
          expect(idFromHex(idToHex(id))).toBe(id)
        }
      }),
    )
  })

  it('made with a key is a pure function of time, kind and key, and of nothing less', () => {
    const part = fc.string({ unit: 'binary', maxLength: 6 })
    fc.assert(
      fc.property(part, part, part, part, (s1, k1, s2, k2) => {
        expect(keyedId(1, s1, k1) === keyedId(1, s2, k2)).toBe(s1 === s2 && k1 === k2)
      }),
      { numRuns: 300 },
    )
    expect(keyedId(1, 'ab', 'c')).not.toBe(keyedId(1, 'a', 'bc'))
    expect(keyedId(1, 'a', 'b')).not.toBe(keyedId(2, 'a', 'b'))
  })

  it('is refused when it is none of ours', () => {
    for (const id of [
      '',
      'x',
      '0197-',
      '00000000-0000-4000-8000-000000000000',
      '019770B0-0000-7000-8000-000000000000',
    ]) {
      expect(() => assertId(id, 'id')).toThrow(DynamoInputError)
    }
  })
})

describe('a cursor', () => {
  it('gives its place back to the same query, and to no other', () => {
    const query = fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { maxLength: 4 })
    fc.assert(
      fc.property(query, query, moment, (mine, other, ms) => {
        const place = idToHex(randomIdAt(ms))
        const cursor = encodeCursor(mine, place)
        expect(decodeCursor(mine, cursor, ID_BYTES)).toBe(place)
        if (JSON.stringify(mine) !== JSON.stringify(other)) {
          expect(() => decodeCursor(other, cursor, ID_BYTES)).toThrow(DynamoCursorError)
        }
      }),
    )
  })

  it('is refused when any of its characters is changed or it is any other text', () => {
    const cursor = encodeCursor(['q'], '00'.repeat(ID_BYTES))
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
        expect(() => decodeCursor(['q'], text, ID_BYTES)).toThrow(DynamoCursorError)
      }),
    )
    for (const head of ['B', '_'])
      expect(() => decodeCursor(['q'], head + cursor.slice(1), ID_BYTES)).toThrow(DynamoCursorError)
  })
})
