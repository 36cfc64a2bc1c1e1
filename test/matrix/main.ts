import { parseArgs } from 'node:util'
import { type Cell, cells } from './cells.js'
import { type CellResult, runCell } from './run-cell.js'

/** `pnpm test:matrix`: whole suites under other servers and versions of Node, one after another. For the night. */
const USAGE = `usage: pnpm test:matrix [--list] [--json] [CELL ...]

Runs all cells, or those that are named. Ends with 0 where all are green, with 1 where one is red, and with 2 for what it does not know.`

const GREEN = 0
const RED = 1
const MISUSED = 2

async function main(): Promise<number> {
  const options = {
    list: { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  if (values.help) {
    console.log(USAGE)
    return GREEN
  }
  const unknown = positionals.filter((name) => !cells.some((cell) => cell.name === name))
  if (unknown.length > 0) throw new Error(`there is no cell ${unknown.join(', ')}; --list names all`)
  const chosen = cells.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  if (values.list) {
    console.log(values.json ? JSON.stringify(chosen.map(describeCell), null, 2) : table(chosen.map(cellRow)))
    return GREEN
  }
  const results: CellResult[] = []
  for (const cell of chosen) {
    console.error(`${cell.name} ...`)
    results.push(await runCell(cell))
  }
  console.log(values.json ? JSON.stringify(results, null, 2) : table([HEAD, ...results.map(resultRow)]))
  return results.every(({ state }) => state === 'green') ? GREEN : RED
}

const describeCell = ({ name, purpose }: Cell) => ({ name, purpose })
const cellRow = ({ name, purpose }: Cell): string[] => [name, purpose]

const HEAD = ['cell', '', 'passed', 'failed', 'skipped', 'time', '']
const resultRow = ({ cell, state, passed, failed, skipped, seconds, see }: CellResult): string[] => [
  cell,
  state,
  String(passed),
  String(failed),
  String(skipped),
  `${Math.floor(seconds / 60)} min ${seconds % 60} s`,
  state === 'red' ? see : '',
]

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  console.error(USAGE)
  process.exitCode = MISUSED
}
