import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readGroups, type Source } from './page.js'

interface Item {
  readonly id: string
}

/** A partition that gives its items in portions, the first of them empty where asked, as pages of expired items are. */
function sourceOf(ids: readonly string[], portion: number, startsEmpty = false, reads: string[][] = []): Source<Item> {
  return {
    async read(limit, resume) {
      if (startsEmpty && resume === undefined) return { items: [], resume: '0' }
      const from = Number(resume ?? 0)
      const to = Math.min(from + Math.min(limit, portion), ids.length)
      reads.push(ids.slice(from, to))
      return { items: ids.slice(from, to).map((id) => ({ id })), resume: to < ids.length ? String(to) : undefined }
    },
  }
}

const id = (n: number): string => String(n).padStart(8, '0')

describe('readGroups', () => {
  it('gives the first items of all in order, however they are spread and portioned', async () => {
    const partition = fc.uniqueArray(fc.nat({ max: 9999 }), { maxLength: 20 })
    const group = fc.array(
      fc.record({ numbers: partition, portion: fc.integer({ min: 1, max: 7 }), startsEmpty: fc.boolean() }),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(group, { maxLength: 5 }),
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom('asc', 'desc'),
        async (groups, wanted, order) => {
          // Every item of one group comes before every item of the next.
          const place = (g: number): number => (order === 'asc' ? g : groups.length - 1 - g) * 10_000
          const sorted = (ids: string[]): string[] => (order === 'asc' ? ids.sort() : ids.sort().reverse())
          const idGroups = groups.map((partitions, g) =>
            partitions.map(({ numbers }) => sorted(numbers.map((n) => id(place(g) + n)))),
          )
          const sources = idGroups.map((partitions, g) =>
            partitions.map((ids, p) => sourceOf(ids, groups[g]?.[p]?.portion ?? 1, groups[g]?.[p]?.startsEmpty)),
          )
          const read = await readGroups(sources, order as 'asc' | 'desc', wanted)
          expect(read.map((item) => item.id)).toEqual(sorted(idGroups.flat(2)).slice(0, wanted))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('does not ask what lies behind a full page', async () => {
    const reads: string[][] = []
    const groups = Array.from({ length: 90 }, (_, g) => [sourceOf([id(g)], 5, false, reads)])
    await readGroups(groups, 'asc', 1)
    expect(reads).toHaveLength(1)
  })

  it('asks more and more groups at once over an empty stretch', async () => {
    let inFlight = 0
    let rounds = 0
    const empty: Source<Item> = {
      async read() {
        if (inFlight++ === 0) rounds += 1
        await new Promise((resolve) => setTimeout(resolve, 1))
        inFlight -= 1
        return { items: [] }
      },
    }
    await readGroups(
      Array.from({ length: 90 }, () => [empty]),
      'asc',
      10,
    )
    expect(rounds).toBeLessThan(12)
  })
})
