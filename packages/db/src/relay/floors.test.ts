import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Floor } from './floors.js'

const runs = process.env['MIYABI_TEST_LONG'] === '1' ? 50_000 : 200

/** Transactions as PostgreSQL counts them, that take positions in one partition. */
class Server {
  #nextId = 100n
  #nextPosition = 1n
  #lastEnded = 99n
  readonly open: { readonly id: bigint; readonly positions: bigint[] }[] = []
  /** Rows that are committed. */
  readonly rows = new Set<bigint>()

  begin(): void {
    this.open.push({ id: this.#nextId++, positions: [] })
  }

  /** The next position, for one that is open: each has its id before. */
  take(which: number): void {
    this.open[which % this.open.length]?.positions.push(this.#nextPosition++)
  }

  end(which: number, isCommitted: boolean): void {
    const [ended] = this.open.splice(which % this.open.length, 1)
    if (!ended) return
    this.#noteEnd(ended.id)
    if (isCommitted) for (const position of ended.positions) this.rows.add(position)
  }

  /** A write of the relay's own, by the id of its transaction. */
  write(): bigint {
    const id = this.#nextId++
    this.#noteEnd(id)
    return id
  }

  #noteEnd(id: bigint): void {
    if (id > this.#lastEnded) this.#lastEnded = id
  }

  /** A snapshot's ends: below `xmin` all have ended; `xmax` comes after the last that has. */
  get snapshot(): { readonly xmin: bigint; readonly xmax: bigint } {
    const xmax = this.#lastEnded + 1n
    return { xmin: [xmax, ...this.open.map(({ id }) => id)].reduce((a, b) => (a < b ? a : b)), xmax }
  }

  /** The lowest position at which a row is, or may come. */
  get lowest(): bigint {
    const places = [...this.rows, ...this.open.flatMap(({ positions }) => positions), this.#nextPosition]
    return places.sort((a, b) => (a < b ? -1 : 1))[0] ?? 0n
  }
}

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(['begin'] as const) },
    { weight: 4, arbitrary: fc.tuple(fc.constant('take' as const), fc.nat(9)) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('end' as const), fc.nat(9), fc.boolean()) },
    { weight: 4, arbitrary: fc.tuple(fc.constant('look' as const), fc.nat(3)) },
  ),
  { minLength: 10, maxLength: 120 },
)

/** @param boundOf what a floor waits for, of a snapshot and of a write after it. */
const holds = (boundOf: (xmax: bigint, written: bigint) => bigint) =>
  fc.property(steps, (all) => {
    const server = new Server()
    const floor = new Floor()
    let at = 0
    for (const [what, which = 0, isCommitted = false] of all) {
      if (what === 'begin') server.begin()
      else if (what === 'take') server.take(which)
      else if (what === 'end') server.end(which, isCommitted)
      else {
        at += 700
        const from = floor.lookFrom(at)
        const seen = [...server.rows].filter((position) => position > from).sort((a, b) => (a < b ? -1 : 1))
        const { xmin, xmax } = server.snapshot
        const [lowest] = seen
        floor.see({ from, lowest, highest: seen.at(-1), xmin, at })
        // Some of what it saw is delivered, or nothing.
        for (const [place, position] of seen.entries())
          if (which > 0 && place % 4 !== which) server.rows.delete(position)
        floor.wrote(boundOf(xmax, server.write()))
      }
      expect(floor.value).toBeLessThan(server.lowest)
    }
  })

it('a floor has no row below it, and none comes, whatever transactions end in which order', () => {
  fc.assert(
    holds((_xmax, written) => written),
    { numRuns: runs },
  )
})

it('would have one if it went by where the snapshot ends, and this says so', () => {
  const { failed } = fc.check(
    holds((xmax) => xmax),
    { numRuns: 2000 },
  )
  expect(failed).toBe(true)
})

it('a floor stays below a row that came late and is left where it is', () => {
  const floor = new Floor()
  floor.see({ from: floor.lookFrom(0), lowest: 5n, highest: 5n, xmin: 100n, at: 0 })
  floor.wrote(102n)
  floor.see({ from: floor.lookFrom(700), lowest: undefined, highest: undefined, xmin: 100n, at: 700 })
  floor.wrote(103n)
  floor.see({ from: floor.lookFrom(1400), lowest: 3n, highest: 3n, xmin: 104n, at: 1400 })
  expect(floor.value).toBe(2n)
})

it('a floor follows what was delivered', () => {
  const server = new Server()
  const floor = new Floor()
  for (let round = 0; round < 50; round += 1) {
    server.begin()
    server.take(0)
    server.end(0, true)
    const rows = [...server.rows]
    const { xmin } = server.snapshot
    floor.see({ from: floor.lookFrom(0), lowest: rows[0], highest: rows.at(-1), xmin, at: 0 })
    server.rows.clear()
    floor.wrote(server.write())
  }
  expect(floor.value).toBeGreaterThan(45n)
})
