import { describe, expect, it } from 'vitest'
import { toItem } from './attribute-values.js'
import { DynamoInputError, DynamoValueError } from './errors.js'
import { assertKeyPart, assertPayloadObject } from './storable.js'

function errorOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was refused')
}

describe('a payload', () => {
  it.each<[unknown, string]>([
    [{ tags: new Set<unknown>(['a', 1]) }, 'data.tags'],
    [{ tags: new Set([{}]) }, 'data.tags'],
    [{ tags: new Set([true]) }, 'data.tags'],
    [{ list: Array(2) }, 'data.list[0]'],
    [{ inner: { '': 1 } }, 'data.inner'],
    [{ ['é'.repeat(32_768)]: 1 }, 'data'],
    [JSON.parse('{"a":[{"__proto__":{"isAdmin":true}}]}'), 'data.a[0]'],
  ])('is refused where DynamoDB would change or refuse it: %j', (payload, path) => {
    expect(errorOf(() => assertPayloadObject(payload, 'data'))).toMatchObject({
      code: 'dynamo.value',
      details: { path },
    })
  })

  it.each([null, [1], 'text', 1, new Set(['a']), Buffer.from('a')])(
    'is refused where it is no plain object: %j',
    (payload) => {
      expect(errorOf(() => assertPayloadObject(payload, 'data'))).toBeInstanceOf(DynamoInputError)
    },
  )

  it('is refused where it is an instance', () => {
    expect(errorOf(() => assertPayloadObject(new Date(), 'data'))).toBeInstanceOf(DynamoValueError)
  })

  it('may hold sets of one kind, bytes, and a member named as one that every object has', () => {
    const payload = { n: new Set([1, 2n]), b: new Set([Buffer.from('a')]), constructor: { name: 'x' }, toString: 'y' }
    assertPayloadObject(payload, 'data')
    expect(toItem(payload)['constructor']).toEqual({ M: { name: { S: 'x' } } })
  })
})

it('a key part is told from none, and from what is no text', () => {
  expect(errorOf(() => assertKeyPart('', 'userId'))).toMatchObject({ message: 'userId is empty; expected a text' })
  expect(errorOf(() => assertKeyPart(5, 'userId'))).toMatchObject({ message: 'userId is not a text' })
})
