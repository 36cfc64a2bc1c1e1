import type { SlowStatement, SlowStatements } from '@miyabi/migrate'
import { style } from './output.js'

const HEAD = ['total', 'calls', 'mean', 'max', 'rows', 'as', 'id'] as const
/** How much of a statement is shown; `--json` has more. */
const MAX_STATEMENT = 400

/** The statements as a table for people: a line of figures each, and below it the statement. */
export function renderSlow({ since, statements }: SlowStatements, slowMs: number): string {
  const when = since ? ` since ${since.toISOString()}` : ''
  if (statements.length === 0) return `No statement of a person or of the service was recorded${when}.`
  const rows = statements.map(cellsOf)
  const widths = HEAD.map((title, column) => Math.max(title.length, ...rows.map((cells) => cells[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column < 5 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return [
    `Recorded${when}, most time first:`,
    '',
    style('dim', line(HEAD)),
    ...statements.flatMap(({ meanMs, statement }, index) => {
      const figures = line(rows[index] ?? [])
      return [meanMs >= slowMs ? style('red', `${figures}  slow`) : figures, `    ${shortened(statement)}`]
    }),
  ].join('\n')
}

const cellsOf = ({ totalMs, calls, meanMs, maxMs, rows, role, id }: SlowStatement): readonly string[] => [
  duration(totalMs),
  String(calls),
  duration(meanMs),
  duration(maxMs),
  String(rows),
  role ?? '-',
  id,
]

/** Three digits and a unit. */
function duration(ms: number): string {
  if (ms >= 60_000) return `${(ms / 60_000).toFixed(1)} min`
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`
  return `${ms >= 100 ? Math.round(ms) : ms.toPrecision(2)} ms`
}

const shortened = (statement: string): string =>
  statement.length > MAX_STATEMENT ? `${statement.slice(0, MAX_STATEMENT)}…` : statement
