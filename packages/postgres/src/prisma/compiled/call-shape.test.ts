import { describe, expect, it } from 'vitest'
import { Prisma } from '../../schema/prisma.js'
import { shapeOf, withLeaves } from './call-shape.js'

const keyOf = (args: unknown): string | undefined => shapeOf('User', 'findMany', args)?.key
const SECRET = 'a-value-of-somebody'

describe('the shape of a call', () => {
  it('has names and classes in its key, and values separately', () => {
    const shape = shapeOf('User', 'findMany', { where: { id: SECRET, OR: [{ n: 1 }] }, take: 3 })
    expect(shape).toMatchObject({ leaves: [SECRET, 1, 3], mayChange: false })
    expect(shape?.key).not.toContain(SECRET)
    expect(keyOf({ where: { id: 'b', OR: [{ n: 2 }] }, take: 4 })).toBe(shape?.key)
  })

  it('differs with the class of a value, with null, and with a name that is undefined', () => {
    const values = [
      'a',
      1,
      2 ** 40,
      1.5,
      1n,
      true,
      new Date(0),
      new Prisma.Decimal(1),
      new Uint8Array(1),
      null,
      undefined,
    ]
    const lists = [['a'], [1], [1, 2 ** 40], [1, 1.5], [1n], [true], []]
    const keys = [...values, ...lists].map((value) => keyOf({ where: { x: value } }))
    expect(new Set([...keys, keyOf({ where: {} }), keyOf({}), keyOf(undefined)])).toHaveLength(keys.length + 3)
    expect(keys).not.toContain(undefined)
  })

  it('treats booleans of selections as selections, and all others as values', () => {
    expect(shapeOf('User', 'findMany', { select: { id: true, name: false } })?.leaves).toEqual([])
    expect(keyOf({ select: { id: true } })).not.toBe(keyOf({ select: { id: false } }))
    expect(keyOf({ _count: true })).not.toBe(keyOf({ _count: { _all: true } }))
    expect(keyOf({ where: { revoked: true } })).toBe(keyOf({ where: { revoked: false } }))
    expect(keyOf({ where: { select: true } })).toBe(keyOf({ where: { select: false } }))
  })

  it('is undefined if names could be mistaken for separators, or a value is an instance of a class', () => {
    class Own {
      x = 1
    }
    const strange: unknown[] = [
      ...['id:s', 'a}b', 'a{b', '__proto__', '$type', '', 'a b', '<'].map((name) =>
        JSON.parse(`{"where":{"${name}":1}}`),
      ),
      ...[new Own(), Prisma.DbNull, () => 1, Symbol('x'), Number.NaN, new Date(Number.NaN)].map((x) => ({
        where: { x },
      })),
      ...[['a', 1], [undefined], [null], [{}, 1], [[1]], new Own()].map((x) => ({ where: { x } })),
      ...[null, 'text', [], new Own()],
    ]
    expect(strange.map(keyOf).filter((key) => key !== undefined)).toEqual([])
  })

  it('reports values that might arrive changed', () => {
    const may = [2 ** 40, 1.5, 1n, new Prisma.Decimal(1), '\ud800'].map((x) => shapeOf('M', 'count', { where: { x } }))
    expect(may.map((shape) => shape?.mayChange)).toEqual([true, true, true, true, true])
  })
})

describe('a copy with other leaves', () => {
  it('has them in the order of the shape, and everything else unchanged', () => {
    const at = new Date(0)
    const args = {
      where: { AND: [{ a: at }, { b: { in: [1, 2] } }], c: null, d: undefined },
      select: { x: true },
      take: 1,
    }
    expect(shapeOf('M', 'findMany', args)?.leaves).toEqual([at, [1, 2], 1])
    expect(withLeaves(args, (index) => `leaf ${index}`)).toEqual({
      where: { AND: [{ a: 'leaf 0' }, { b: { in: 'leaf 1' } }], c: null, d: undefined },
      select: { x: true },
      take: 'leaf 2',
    })
  })
})
