import { expect, it } from 'vitest'
import { Limits } from './limits.js'

it('leaves no offset but 0 in a text, and a few limits', () => {
  const limits = new Limits()
  const SELECT = 'SELECT 1 LIMIT '
  expect(['0', '1', '20'].map((offset) => limits.isInText('SELECT 1 OFFSET ', offset))).toEqual([true, false, false])
  const asked = Array.from({ length: 100 }, (_, limit) => String(limit))
  expect(asked.filter((limit) => limits.isInText(SELECT, limit))).toEqual(['0', '1', '2', '3'])
  expect(asked.filter((limit) => limits.isInText(SELECT, limit))).toEqual(['0', '1', '2', '3'])
  expect(limits.isInText('SELECT 2 LIMIT ', '7')).toBe(true)
})

it('leaves nothing in a text that is no number of a plan, or stands elsewhere', () => {
  const limits = new Limits()
  for (const value of ['-1', '1; DROP TABLE x', '', '9'.repeat(19), 1, null, { prisma__type: 'param' }])
    expect(limits.isInText('SELECT 1 LIMIT ', value)).toBe(false)
  expect(limits.isInText('SELECT 1 WHERE a = ', '0')).toBe(false)
})

it('keeps those of a thousand statements', () => {
  const limits = new Limits()
  const kept = Array.from({ length: 3000 }, (_, index) => limits.isInText(`SELECT ${index} LIMIT `, '1'))
  expect(kept.filter(Boolean)).toHaveLength(1000)
})
