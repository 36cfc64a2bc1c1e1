import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PageBudget, readGroups, type Source } from './page.js'

interface Item {
  readonly id: string
}

/** A partition that gives its items in portions, the first of them empty where asked, as pages of expired items are. */
function sourceOf(ids: readonly string[], portion: number, startsEmpty = false, reads: string[][] = []): Source<Item> {
  return {
    async read(limit, place) {
      if (startsEmpty && place === undefined) return { items: [], resume: '0', isCut: false }
      const from = Number(place ?? 0)
      const to = Math.min(from + Math.min(limit, portion), ids.length)
      reads.push(ids.slice(from, to))
      const resume = to < ids.length ? String(to) : undefined
      return { items: ids.slice(from, to).map((id) => ({ id })), resume, isCut: to - from < limit }
    },
  }
}

/** That of a call without an end. */
const endless = (): PageBudget => {
  const budget = new PageBudget(1e9)
  onTestFinished(() => budget[Symbol.dispose]())
  return budget
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
          // An id is in one partition.
          const idGroups = groups.map((partitions, g) => {
            const taken = new Set<number>()
            const isNew = (n: number): boolean => taken.size < taken.add(n).size
            return partitions.map(({ numbers }) => sorted(numbers.filter(isNew).map((n) => id(place(g) + n))))
          })
          const sources = (isWanted: (id: string) => boolean) =>
            idGroups.map((partitions, g) =>
              partitions.map((ids, p) =>
                sourceOf(ids.filter(isWanted), groups[g]?.[p]?.portion ?? 1, groups[g]?.[p]?.startsEmpty),
              ),
            )
          // As a caller reads on, from where a page ended that was cut short.
          const read: string[] = []
          const isBehind = (id: string): boolean =>
            order === 'asc' ? id > (read.at(-1) ?? '') : id < (read.at(-1) ?? 'z')
          for (let isWhole = false; !isWhole; ) {
            using budget = new PageBudget(1e9)
            const rest = sources(isBehind)
            const found = await readGroups(rest, order as 'asc' | 'desc', wanted - read.length, budget)
            expect(found.isWhole || found.items.length > 0).toBe(true)
            read.push(...found.items.map((item) => item.id))
            isWhole = found.isWhole
          }
          expect(read).toEqual(sorted(idGroups.flat(2)).slice(0, wanted))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('does not ask what lies behind a full page', async () => {
    const reads: string[][] = []
    const groups = Array.from({ length: 90 }, (_, g) => [sourceOf([id(g)], 5, false, reads)])
    await readGroups(groups, 'asc', 1, endless())
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
        return { items: [], isCut: false }
      },
    }
    await readGroups(
      Array.from({ length: 90 }, () => [empty]),
      'asc',
      10,
      endless(),
    )
    expect(rounds).toBeLessThan(12)
  })

  it('ends a page of large items after some answers, with what there is', async () => {
    const reads: string[][] = []
    const ids = Array.from({ length: 100 }, (_, n) => id(n))
    const { items, isWhole } = await readGroups([[sourceOf(ids, 2, false, reads)]], 'asc', 100, endless())
    expect(isWhole).toBe(false)
    expect(items.map((item) => item.id)).toEqual(ids.slice(0, 16))
    expect(reads).toHaveLength(8)
  })

  it('gives what it has when the time is nearly over, and waits on where it has nothing', async () => {
    let answer = (): void => {}
    const slow = (first: string[]): Source<Item> => ({
      read: async (_, resume) => {
        if (resume === undefined && first.length > 0) return { items: [{ id: id(1) }], resume: 'more', isCut: false }
        await new Promise<void>((resolve) => {
          answer = resolve
        })
        return { items: [{ id: id(2) }], isCut: false }
      },
    })
    using late = new PageBudget(1)
    expect(await readGroups([[slow(['first'])]], 'asc', 10, late)).toEqual({ items: [{ id: id(1) }], isWhole: false })
    const waiting = readGroups([[slow([])]], 'asc', 10, late)
    await new Promise((resolve) => setTimeout(resolve, 5))
    answer()
    expect(await waiting).toEqual({ items: [{ id: id(2) }], isWhole: true })
  })
})
