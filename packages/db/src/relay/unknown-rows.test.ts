import { expect, it } from 'vitest'
import { UnknownRows } from './unknown-rows.js'

it('counts a row once, however often it is met, and forgets those that are met no more', () => {
  let now = 0
  const rows = new UnknownRows(() => now)
  rows.meet({ position: 1n, topic: 'x', version: 2 })
  rows.meet({ position: 2n, topic: 'x', version: 2 })
  rows.meet({ position: 3n, topic: 'y', version: 1 })
  now = 50_000
  rows.meet({ position: 1n, topic: 'x', version: 2 })
  expect(rows.counts).toEqual({ 'x@2': 2, 'y@1': 1 })
  now = 70_000
  expect(rows.counts).toEqual({ 'x@2': 1 })
  now = 120_000
  expect(rows.counts).toEqual({})
})
