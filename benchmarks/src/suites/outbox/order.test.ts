import { expect, it } from 'vitest'
import { jobsFrom } from './effects.js'
import { seeOrder } from './order.js'

function seen(turns: readonly number[], key?: string) {
  const order = seeOrder()
  for (const turn of turns)
    for (const job of jobsFrom(turn, 1, key === undefined ? undefined : () => key)) order.see(job)
  return order.seen()
}

it('sees jobs of a key that overtake each other or come twice, and none of those without', () => {
  expect(seen([0, 1, 2], 'a')).toEqual({ done: 3, outOfOrder: 0 })
  expect(seen([0, 2, 1, 3], 'a')).toEqual({ done: 4, outOfOrder: 1 })
  expect(seen([0, 1, 1], 'a')).toEqual({ done: 3, outOfOrder: 1 })
  expect(seen([2, 1, 0])).toEqual({ done: 3, outOfOrder: 0 })
})
