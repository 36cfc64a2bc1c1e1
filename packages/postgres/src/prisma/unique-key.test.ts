import { describe, expect, it } from 'vitest'
import type { Model } from './data-model.js'
import { canonicalizeKey, canonicalUuid } from './unique-key.js'

const UUID = '01a2287e-6368-7ae1-8d3b-e6a491543414'

describe('a UUID', () => {
  it.each([
    UUID.toUpperCase(),
    `{${UUID}}`,
    UUID.replaceAll('-', ''),
    '01a2-287e-6368-7ae1-8d3b-e6a4-9154-3414',
    '{01A2287E63687ae1-8d3be6a491543414}',
  ])('is known as what the server takes it for: %s', (spelling) => {
    expect(canonicalUuid(spelling)).toBe(UUID)
  })

  it.each(['', `{${UUID}`, `${UUID}}`, `${UUID}0`, UUID.slice(1), ` ${UUID}`, '01a-2287e-6368-7ae1-8d3b-e6a491543414'])(
    'is none where the server refuses it: "%s"',
    (spelling) => {
      expect(canonicalUuid(spelling)).toBeUndefined()
    },
  )
})

describe('a unique key', () => {
  const field = (name: string, type: string, native?: string) =>
    [
      name,
      { name, kind: 'scalar', type, native, column: name, modifier: '', generator: undefined, values: undefined },
    ] as const
  const model: Model = new Map([
    field('id', 'String', 'Uuid'),
    field('slug', 'String'),
    field('email', 'String', 'Citext'),
    field('code', 'String', 'Char'),
    field('number', 'BigInt'),
    field('at', 'DateTime'),
  ])
  const canonicalized = (where: Record<string, unknown>) => [canonicalizeKey(where, model), where]

  it('is merged where it is equal here if and only if it is to the server, in its one form', () => {
    expect(canonicalized({ id: UUID.toUpperCase() })).toEqual([true, { id: UUID }])
    expect(canonicalized({ slug: 'A ' })).toEqual([true, { slug: 'A ' }])
    expect(canonicalized({ number: 7 })).toEqual([true, { number: { $type: 'BigInt', value: '7' } }])
    expect(canonicalized({ id_slug: { id: `{${UUID}}`, slug: 'a' } })).toEqual([
      true,
      { id_slug: { id: UUID, slug: 'a' } },
    ])
  })

  it.each([
    [{ email: 'a@b.c' }],
    [{ code: 'a' }],
    [{ at: { $type: 'DateTime', value: '2026-01-01T00:00:00.000Z' } }],
    [{ id: 'malformed' }],
    [{ slug: 'nul\0' }],
    [{ slug: 'half \ud83d' }],
    [{ slug: { contains: 'a' } }],
    [{ number: { $type: 'BigInt', value: String(2n ** 63n) } }],
    [{ id: UUID, slug: 'a' }],
    [{ id: UUID, AND: { slug: 'a' } }],
    [{ id_slug: { id: UUID, slug: null } }],
  ])('is asked for alone otherwise: %j', (where) => {
    expect(canonicalizeKey(where, model)).toBe(false)
  })
})
