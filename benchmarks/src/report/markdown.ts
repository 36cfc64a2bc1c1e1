import type { SuiteResult, TableResult } from '../harness/result.js'
import { suites } from '../suites/index.js'
import { againstStock } from './against-stock.js'
import { columnsOf, verdicts } from './columns.js'
import { noiseOf } from './figures.js'
import { outcomesOf } from './targets.js'
import { number } from './text.js'

const intro = `# Benchmarks

For readers who want to know what the data layer costs: it is compared with the raw drivers and the usual libraries. Generated from \`benchmarks/results\` by \`pnpm bench --render\`; do not edit.

To repeat them, with servers that start and stop automatically:

\`\`\`sh
pnpm bench                                      # all suites, on stdout
pnpm bench --suite postgres --concurrency 16    # one suite; see --help
\`\`\`

## How to read them

- **Time ratios.** 1.00 is the base of the table, less is faster. Contenders take turns in slices of one process, in a different order each
  round. A ratio compares the slices of one round; the tables show the median over the rounds and the middle half of the rounds. Times and
  rates are valid only for this machine, where clients and servers share the cores with each other and with other processes.
- **Noise.** In every table the base also runs under a second name, "(again)": the same code on the same connections. A difference no larger
  than the middle half of its rounds deviates from 1.00 is "within noise". Beyond that, "faster" and "slower" also require that three
  quarters of the rounds agree.
- **The same work.** Before anything is timed, all contenders run the same turns, and their results must be equal. If a library
  fails, its row says so.
- **Closed loops.** Each of N workers calls again as soon as it is answered. That favors libraries that batch the calls of one tick.
- **CPU/op** is the CPU time of the client's process per operation, without the server.
- **Read units/op** are reported in DynamoDB's answers: the cost of a page, counted and not timed.
- **Stale** is the share of reads that showed less than their caller had written before: counted, not timed.
- **Loopback, no disk flushes.** The servers are temporary ones on the same machine: a real network and a real disk add the same to
  all contenders, so there the ratios are closer to 1, and round trips matter more than CPU.
`

/** The page of all results. */
export function renderMarkdown(results: readonly SuiteResult[]): string {
  const text = [intro, renderTargets(results), ...results.map(renderSuite)].join('\n')
  return `${text.trimEnd()}\n\nNext: [capacity for events](EVENT_CAPACITY.md), [compiled reads](COMPILED_READS.md).\n`
}

const statuses = { met: 'met', noise: 'within noise', open: 'not met' } as const

function renderTargets(results: readonly SuiteResult[]): string {
  const outcomes = results.flatMap(outcomesOf)
  if (outcomes.length === 0) return ''
  const rows = outcomes.map(({ claim, target, measured, status }) => [claim, target, measured, statuses[status]])
  const open = outcomes.filter(({ obstacle }) => obstacle !== undefined)
  return [
    '## Targets\n',
    markdownTable(['claim', 'target', 'measured', 'status'], rows),
    ...(open.length === 0 ? [] : ['Why some are not met:\n']),
    ...open.map(({ claim, obstacle }) => `- **${claim}**: ${obstacle}`),
    '',
  ].join('\n')
}

function renderSuite(result: SuiteResult): string {
  const { suite, machine, versions, plan, tables } = result
  const declaration = Object.entries(suites).find(([name]) => name === suite)?.[1]
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `## ${declaration?.title ?? suite}\n`,
    `Measured on ${result.measuredOn}: ${machine.cores} cores of ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.platform}, Node ${machine.node}; load of other processes at the start: ${machine.load}.`,
    `${packages.join(', ')}. ${plan.rounds} rounds of ${plan.sliceMs} ms for each contender, after ${plan.warmUpMs} ms to warm up; operations timed one by one ${plan.singleRounds} times.\n`,
    ...(declaration !== undefined && 'notes' in declaration ? [`${declaration.notes}\n`] : []),
    `![Time ratios of the ${suite} suite](benchmarks/${suite}.svg)\n`,
    ...renderAgainstStock(tables),
    ...tables.map((table, index) => renderTable(table, tables[index - 1])),
  ].join('\n')
}

function renderAgainstStock(tables: readonly TableResult[]): string[] {
  const pairs = againstStock(tables)
  if (pairs.length === 0) return []
  return [
    '### Ours against stock Prisma\n',
    'The same calls through our client and through one that is set up as Prisma documents it (pool of 10, no statement names).\n',
    markdownTable(
      ['workload', 'concurrent', 'time ratio', 'middle half', 'noise', ''],
      pairs.map(({ workload, concurrency, ratio, noise, verdict }) => [
        workload,
        String(concurrency),
        number(ratio.median),
        `${number(ratio.low)} - ${number(ratio.high)}`,
        `x ${number(noise)}`,
        verdicts[verdict],
      ]),
    ),
  ]
}

function renderTable(table: TableResult, previous: TableResult | undefined): string {
  const isFirst = previous?.workload !== table.workload
  const { head, rows } = columnsOf(table)
  const workers = table.single ? '' : `${table.concurrency} concurrent; `
  return [
    ...(isFirst ? [`### ${table.workload}\n`, `${table.about}\n`] : []),
    `${workers}noise x ${number(noiseOf(table).high)}:\n`,
    markdownTable(head, rows),
  ].join('\n')
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n')
}
