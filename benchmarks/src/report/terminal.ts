import { styleText } from 'node:util'
import Table from 'cli-table3'
import type { SuiteResult, TableResult } from '../harness/result.js'
import { columnsOf } from './columns.js'

const borderless = {
  mid: '',
  'mid-mid': '',
  'left-mid': '',
  'right-mid': '',
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  right: '',
  middle: '  ',
}

/** A result for people at a terminal. */
export function renderTerminal({ suite, tables, machine, plan }: SuiteResult): string {
  return [
    `${suite}, on ${machine.cores} cores of ${machine.cpu}, Node ${machine.node}; ${plan.rounds} rounds of ${plan.sliceMs} ms each.`,
    'Time ratios against the base, the median over rounds: 1.00 is the base, less is faster.',
    ...tables.map(renderTable),
  ].join('\n\n')
}

function renderTable(table: TableResult): string {
  const { head, rows } = columnsOf(table)
  const output = new Table({
    head: head.map((text) => styleText('dim', text)),
    chars: borderless,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, column) => (column === 0 || column === 3 ? 'left' : 'right')),
  })
  output.push(...rows)
  const workers = table.single ? '' : `, ${table.concurrency} concurrent`
  return `${styleText('bold', `${table.workload}${workers}`)}\n${output.toString()}`
}
