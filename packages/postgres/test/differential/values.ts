import { Prisma } from '../../src/index.js'
import type { Choice } from './choice.js'
import type { SchemaField } from './schema.js'

const TEXTS = [
  '',
  'a',
  'A',
  ' a ',
  'é😀',
  "it's",
  '"',
  '\\',
  '%',
  '_',
  'a%b',
  '{}',
  '{"a":1}',
  'null',
  'NULL',
  '\t\n',
  'x'.repeat(300),
]
const JSONS = [
  {},
  [],
  'text',
  0,
  -1.5,
  true,
  [null],
  { a: { b: [1, 'x', null] } },
  { 'a"\\': 'é😀' },
  [[1], [2]],
  9007199254740991,
]
const MOMENTS = [
  '1970-01-01T00:00:00.000Z',
  '2024-02-29T23:59:59.999Z',
  '0001-01-01T00:00:00.000Z',
  '9999-12-31T23:59:59.999Z',
]
const DECIMALS = ['0', '1', '-1.5', '0.01', '4.99', '12345678901234567890.123456789']
const UUIDS = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff']

/** A value of a field's type, at its edges and within: what a filter may ask for. */
export function anyValue(field: Pick<SchemaField, 'type' | 'native' | 'values'>, choice: Choice): unknown {
  switch (field.type) {
    case 'String':
      return field.native === 'Uuid' ? choice.of(UUIDS) : choice.of(TEXTS)
    case 'Boolean':
      return choice.chance(0.5)
    case 'Int':
      return field.native === 'SmallInt'
        ? choice.of([0, 1, -1, 32_767, -32_768])
        : choice.of([0, 1, 5, -1, 2 ** 31 - 1, -(2 ** 31)])
    case 'BigInt':
      return choice.of<unknown>([0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 7, 2 ** 53 - 1])
    case 'Float':
      return choice.of([0, -0, 0.1, 1e-300, -1.5, 1e21, 3])
    case 'Decimal': {
      const text = choice.of(DECIMALS)
      return choice.of<unknown>([text, new Prisma.Decimal(text), Number(text)])
    }
    case 'DateTime': {
      const text = choice.of(MOMENTS)
      return choice.chance(0.8) ? new Date(text) : text
    }
    case 'Bytes':
      return choice.of([Buffer.from([]), Buffer.from([0, 255, 92]), new Uint8Array([1, 2])])
    case 'Json':
      return choice.of(JSONS)
    default:
      return choice.of(field.values)
  }
}

/** Of another type than the field's, or none at all: what a call is refused for. */
export function wrongValue(field: Pick<SchemaField, 'type'>, choice: Choice): unknown {
  const wrong: Readonly<Record<string, unknown>> = {
    String: 7,
    Boolean: 'true',
    Int: choice.of<unknown>([1.5, 2 ** 40, '1']),
    BigInt: choice.of<unknown>([2n ** 64n, 'one', 1.5]),
    Float: choice.of<unknown>([Number.NaN, '1']),
    Decimal: choice.of<unknown>(['one', Number.POSITIVE_INFINITY]),
    DateTime: choice.of<unknown>(['2024-02-30T00:00:00Z', 'now', new Date(Number.NaN), 5]),
    Bytes: 'bytes',
    Json: choice.of<unknown>([undefined, 5n, Symbol('none')]),
  }
  return wrong[field.type] ?? 'none of them'
}
