import vm from 'node:vm'
import { describe, expect, it } from 'vitest'
import { DynamoInputError, DynamoValueError } from '../errors/errors.js'
import { toItem } from './attribute-values.js'
import { toPayload } from './payload.js'
import { assertKeyPart } from './storable.js'

function errorOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was refused')
}

describe('a payload', () => {
  it('is accepted from any realm, such as node:vm or the environment of Jest', () => {
    const foreign = vm.runInNewContext(`({
      object: { a: 1, list: [{ b: 2 }] }, bytes: new Uint8Array([1, 2]), set: new Set(['x']), none: Object.create(null) })`)
    const own = { object: { a: 1, list: [{ b: 2 }] }, bytes: new Uint8Array([1, 2]), set: new Set(['x']), none: {} }
    expect(toPayload(foreign as object, 'data')).toStrictEqual(own)
    expect(toPayload({ inner: foreign as object }, 'data')).toStrictEqual({ inner: own })
  })

  it.each(['new Date(0)', 'new Map()', 'new (class Order {})()', 'Object.create({})', 'new Float64Array(1)', '/x/'])(
    'is refused from any realm if it holds a value that is not plain: %s',
    (code) => {
      expect(errorOf(() => toPayload({ a: vm.runInNewContext(code) as unknown }, 'data'))).toMatchObject({
        code: 'dynamo.value',
        details: { path: 'data.a' },
      })
    },
  )

  it.each<[unknown, string]>([
    [{ tags: new Set<unknown>(['a', 1]) }, 'data.tags'],
    [{ tags: new Set([{}]) }, 'data.tags'],
    [{ tags: new Set([true]) }, 'data.tags'],
    [{ tags: new Set([1, 1n]) }, 'data.tags'],
    [{ tags: new Set([Buffer.from('a'), Buffer.from('a')]) }, 'data.tags'],
    [{ n: 10n ** 126n }, 'data.n'],
    [{ n: 123n ** 20n }, 'data.n'],
    [{ list: Array(2) }, 'data.list[0]'],
    [{ inner: { '': 1 } }, 'data.inner'],
    [{ ['é'.repeat(32_768)]: 1 }, 'data'],
    [JSON.parse('{"a":[{"__proto__":{"isAdmin":true}}]}'), 'data.a[0]'],
  ])('is refused if DynamoDB would change or refuse it: %o', (payload, path) => {
    expect(errorOf(() => toPayload(payload as object, 'data'))).toMatchObject({
      code: 'dynamo.value',
      details: { path },
    })
  })

  it.each([null, [1], 'text', 1, new Set(['a']), Buffer.from('a')])(
    'is refused if it is not a plain object: %j',
    (payload) => {
      expect(errorOf(() => toPayload(payload as object, 'data'))).toBeInstanceOf(DynamoInputError)
    },
  )

  it('is refused if it is an instance of a class', () => {
    expect(errorOf(() => toPayload(new Date(), 'data'))).toBeInstanceOf(DynamoValueError)
  })

  it('may hold sets of one kind, bytes, and a member with the name of an inherited one', () => {
    const payload = { n: new Set([1, 2n]), b: new Set([Buffer.from('a')]), constructor: { name: 'x' }, toString: 'y' }
    expect(toPayload(payload, 'data')).toEqual({ ...payload, b: new Set([new Uint8Array([97])]) })
    expect(toItem(payload)['constructor']).toEqual({ M: { name: { S: 'x' } } })
  })
})

describe('an accepted payload', () => {
  it('is a copy that its caller cannot change', () => {
    const given = { n: 1, list: [{ m: 1 }], bytes: new Uint8Array([1]), left: undefined }
    const taken = toPayload(given, 'data')
    given.n = Number.NaN
    given.list[0] = { m: 2 }
    given.bytes[0] = 2
    expect(taken).toStrictEqual({ n: 1, list: [{ m: 1 }], bytes: new Uint8Array([1]) })
  })

  it('is at most as deep as DynamoDB allows', () => {
    const nested = (levels: number): object => (levels === 0 ? { leaf: 'x' } : { a: nested(levels - 1) })
    expect(toPayload(nested(30), 'data')).toEqual(nested(30))
    expect(errorOf(() => toPayload(nested(31), 'data'))).toBeInstanceOf(DynamoValueError)
  })
})

it('distinguishes an empty key part from a missing one and from a value that is not a string', () => {
  expect(errorOf(() => assertKeyPart('', 'userId'))).toMatchObject({ message: 'userId is empty; expected a string' })
  expect(errorOf(() => assertKeyPart(5, 'userId'))).toMatchObject({ message: 'userId is not a string' })
})
