import type { SlowStatement, SlowStatements } from '@miyabi/migrate'
import { style } from './style.js'
import { type Column, table } from './table.js'

const COLUMNS: readonly Column[] = [
  { title: 'total', align: 'right' },
  { title: 'calls', align: 'right' },
  { title: 'mean', align: 'right' },
  { title: 'max', align: 'right' },
  { title: 'rows', align: 'right' },
  { title: 'as' },
  { title: 'id' },
]
/** Maximum length of a statement in the table; `--json` contains more. */
const MAX_STATEMENT = 400

/** Renders statements as a table: one line of figures each, with the statement below. */
export function renderSlow({ since, statements }: SlowStatements, slowMs: number, width: number): string {
  const when = since ? ` since ${since.toISOString()}` : ''
  if (statements.length === 0) return `No statement of a user or of the service was recorded${when}.`
  const rows = statements.map((statement) => {
    const isSlow = statement.meanMs >= slowMs
    const below = [shortened(statement.statement)]
    return {
      cells: cellsOf(statement),
      below,
      ...(isSlow && { style: (line: string) => style('red', `${line}  slow`) }),
    }
  })
  return [`Recorded${when}, most time first:`, '', table(COLUMNS, rows, width)].join('\n')
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
