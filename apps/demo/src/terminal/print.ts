import { styleText } from 'node:util'
import type { Logger } from '@miyabi/db'
import Table from 'cli-table3'

/** The type of a table's cell. */
export type Cell = string | number | bigint | boolean | null | undefined

const none = { mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '' }
const edge = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' }
const foot = { bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' }
const borderless = { ...none, ...edge, ...foot, left: ' ', right: '', middle: '  ' }

// `styleText` leaves a text unchanged if stdout is not a terminal, or NO_COLOR is set.
export const bold = (text: string): string => styleText('bold', text)
export const dim = (text: string): string => styleText('dim', text)

export function print(text = ''): void {
  process.stdout.write(`${text}\n`)
}

/** The title of a step. */
export function heading(text: string): void {
  print(`\n${bold(text)}`)
}

/** One line of a step, indented as its tables are. */
export function say(text: string): void {
  print(`  ${text}`)
}

/** Rows under named columns. Numbers are right-aligned. */
export function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const aligned = columns.map((_, column) => (rows.every((row) => isNumber(row[column])) ? 'right' : 'left'))
  const output = new Table({
    head: columns.map(dim),
    chars: borderless,
    style: { head: [], border: [], 'padding-left': 1, 'padding-right': 0 },
    colAligns: aligned,
  })
  for (const row of rows) output.push(row.map(cell))
  for (const line of output.toString().split('\n')) print(line.trimEnd())
}

/** Milliseconds for display: `3.2 ms`, `840 ms`, `1.9 s`. */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** Returns the result of `work`, and how long it took. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const start = performance.now()
  const value = await work()
  return { value, ms: performance.now() - start }
}

/** A logger that prints the data layer's warnings, each once, and nothing else. */
export function sayWarnings(): Logger {
  const said = new Set<string>()
  const sayOnce = (_fields: object, message: string): void => {
    if (!said.has(message)) process.stderr.write(`warning: ${message}\n`)
    said.add(message)
  }
  return { debug() {}, info() {}, warn: sayOnce, error: sayOnce }
}

const isNumber = (value: Cell): value is number | bigint => typeof value === 'number' || typeof value === 'bigint'

function cell(value: Cell): string {
  if (value === null || value === undefined) return '-'
  return isNumber(value) ? new Intl.NumberFormat('en-US').format(value) : String(value)
}
