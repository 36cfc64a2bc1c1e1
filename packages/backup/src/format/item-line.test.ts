import { expect, it } from 'vitest'
import { type Item, itemLine, parseItemLine } from './item-line.js'

const item: Item = {
  pk: { S: 'k\n"' },
  b: { B: Buffer.from([0, 255]) },
  a: { M: { z: { L: [{ NULL: true }, { BOOL: false }] }, n: { N: '1.5' } } },
  sets: { SS: ['b', 'a'] },
  numbers: { NS: ['2', '1'] },
  bytes: { BS: [Buffer.from('b'), Buffer.from('a')] },
}

it('writes an item as a line in the format of an export, and equal items as equal lines', () => {
  expect(itemLine(item)).toBe(
    '{"Item":{"a":{"M":{"n":{"N":"1.5"},"z":{"L":[{"NULL":true},{"BOOL":false}]}}},"b":{"B":"AP8="},' +
      '"bytes":{"BS":["YQ==","Yg=="]},"numbers":{"NS":["1","2"]},"pk":{"S":"k\\n\\""},"sets":{"SS":["a","b"]}}}',
  )
  expect(itemLine(Object.fromEntries(Object.entries(item).reverse()) as Item)).toBe(itemLine(item))
})

it('reads it back', () => {
  expect(parseItemLine(itemLine(item))).toEqual({
    ...item,
    sets: { SS: ['a', 'b'] },
    numbers: { NS: ['1', '2'] },
    bytes: { BS: [Buffer.from('a'), Buffer.from('b')] },
  })
})
