import { asTyped } from '@miyabi/core'
import { bold, cyan, dim } from './style.js'
import { wrap } from './wrap.js'

/** Minimum width for texts next to a column of labels; with less, they are placed below the labels. */
const LEAST_BESIDE = 30

/**
 * Renders labels in a column, each with its text next to it, or below it if the space is narrow.
 * @param width in columns; unlimited for a pipe.
 */
export function definitions(
  pairs: Iterable<readonly [label: string, text: string]>,
  width: number = Number.POSITIVE_INFINITY,
): string {
  const all = [...pairs].map(([label, text]) => [label, asTyped(text)] as const)
  const column = Math.max(0, ...all.map(([label]) => label.length))
  const beside = 2 + column + 2
  const isBelow = width - beside < LEAST_BESIDE
  return all
    .flatMap(([label, text]) => {
      if (isBelow) return [`  ${cyan(label)}`, ...wrap(text, width - 6).map((line) => `      ${line}`)]
      const [first = '', ...more] = wrap(text, width - beside)
      return [`  ${cyan(label.padEnd(column))}  ${first}`.trimEnd(), ...more.map((line) => ' '.repeat(beside) + line)]
    })
    .join('\n')
}

/** A column of a table. */
export interface Column {
  readonly title: string
  /** Numbers are right-aligned. Default: left. */
  readonly align?: 'left' | 'right'
}

/** A row: its cells, and lines below it. */
export interface Row {
  readonly cells: readonly string[]
  readonly below?: readonly string[]
  /** The style of the whole line. Default: plain. */
  readonly style?: (line: string) => string
}

/**
 * Renders rows under titles. If they do not fit the width, each row becomes a list of its cells: nothing is truncated,
 * so that ids can be copied.
 * @param width in columns; unlimited for a pipe.
 */
export function table(
  columns: readonly Column[],
  rows: readonly Row[],
  width: number = Number.POSITIVE_INFINITY,
): string {
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...rows.map(({ cells }) => cells[at]?.length ?? 0)),
  )
  const total = widths.reduce((sum, own) => sum + own + 2, -2)
  if (total > width) return records(columns, rows, width)
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) =>
        columns[at]?.align === 'right' ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return [
    dim(line(columns.map(({ title }) => title))),
    ...rows.flatMap(({ cells, below = [], style = plain }) => [style(line(cells)), ...indented(below, width)]),
  ].join('\n')
}

function records(columns: readonly Column[], rows: readonly Row[], width: number): string {
  const column = Math.max(...columns.map(({ title }) => title.length))
  return rows
    .map(({ cells, below = [], style = plain }) => {
      const [first = '', ...others] = cells
      const lines = others.map((cell, at) =>
        `  ${dim((columns[at + 1]?.title ?? '').padEnd(column))}  ${cell}`.trimEnd(),
      )
      return [style(bold(first)), ...lines, ...indented(below, width)].join('\n')
    })
    .join('\n')
}

const plain = (line: string): string => line
const indented = (lines: readonly string[], width: number): readonly string[] =>
  lines.flatMap((line) => wrap(line, width - 4).map((part) => `    ${part}`))
