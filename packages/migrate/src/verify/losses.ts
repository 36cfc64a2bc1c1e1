import type { Loss } from '../loss/loss.js'
import type { TableContents } from './snapshot.js'

/**
 * What existed and no longer exists, or has other values. Rows that were added meanwhile do not count. Tables and
 * columns are the same under another name; one that was dropped and created again is identified by its name.
 */
export function lossesBetween(before: readonly TableContents[], after: readonly TableContents[]): Loss[] {
  return before.flatMap((table) => {
    const now = after.find(({ oid }) => oid === table.oid) ?? after.find(({ name }) => name === table.name)
    return now === undefined ? wholeTable(table) : lossesOfTable(table, now)
  })
}

function wholeTable({ name, rows }: TableContents): Loss[] {
  if (rows.length === 0) return []
  return [{ table: name, rows: rows.length, values: rows.flat().filter((value) => value !== null).length }]
}

/** A column, by its position before and after. */
interface Pair {
  readonly name: string
  readonly was: number
  readonly is: number
}

function lossesOfTable(before: TableContents, after: TableContents): Loss[] {
  const pairs: Pair[] = []
  const losses: Loss[] = []
  before.columns.forEach((column, was) => {
    const same = after.oid === before.oid ? after.columns.findIndex(({ number }) => number === column.number) : -1
    const is = same >= 0 ? same : after.columns.findIndex(({ name }) => name === column.name)
    if (is >= 0) pairs.push({ name: column.name, was, is })
    else
      losses.push(
        ...ofColumn(
          before,
          column.name,
          before.rows.map((row) => row[was] ?? null),
        ),
      )
  })
  const key = pairs.filter(({ name }) => before.key.includes(name))
  const hasKey = before.key.length > 0 && key.length === before.key.length
  return [...losses, ...(hasKey ? byKey(before, after, pairs, key) : asBag(before, after, pairs))]
}

function byKey(before: TableContents, after: TableContents, pairs: readonly Pair[], key: readonly Pair[]): Loss[] {
  const present = new Map(after.rows.map((row) => [JSON.stringify(key.map(({ is }) => row[is])), row]))
  const gone: TableContents['rows'][number][] = []
  const changed = new Map<string, number>()
  for (const row of before.rows) {
    const now = present.get(JSON.stringify(key.map(({ was }) => row[was])))
    if (now === undefined) gone.push(row)
    else
      for (const { name, was, is } of pairs) if (row[was] !== now[is]) changed.set(name, (changed.get(name) ?? 0) + 1)
  }
  const columns = [...changed].map(([column, values]): Loss => ({ table: before.name, column, rows: values, values }))
  return [...wholeTable({ ...before, rows: gone }), ...columns]
}

/** Without a key rows have no identity: one is lost if its equal is found less often. */
function asBag(before: TableContents, after: TableContents, pairs: readonly Pair[]): Loss[] {
  const counts = new Map<string, number>()
  for (const row of after.rows) {
    const text = JSON.stringify(pairs.map(({ is }) => row[is]))
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  const gone = before.rows.filter((row) => {
    const text = JSON.stringify(pairs.map(({ was }) => row[was]))
    const left = counts.get(text) ?? 0
    counts.set(text, left - 1)
    return left <= 0
  })
  return wholeTable({ ...before, rows: gone })
}

function ofColumn({ name: table }: TableContents, column: string, values: readonly (string | null)[]): Loss[] {
  const count = values.filter((value) => value !== null).length
  return count === 0 ? [] : [{ table, column, rows: count, values: count }]
}
