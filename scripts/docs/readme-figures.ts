import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { SuiteResult } from '../../benchmarks/src/harness/result.js'
import { ratioOf, resultOf } from '../../benchmarks/src/report/figures.js'
import { number } from '../../benchmarks/src/report/text.js'

/** The concurrency of the quoted tables. */
const CONCURRENCY = 16

/** A row of the front page: a workload of the benchmarks, and its contender for each column, if there is one. */
interface Row {
  readonly what: string
  readonly suite: 'postgres' | 'dynamo' | 'rls'
  readonly workload: string
  readonly contenders: readonly (string | undefined)[]
}

const columns = ['Prisma, AWS SDK', 'Drizzle, ElectroDB', 'Kysely, ElectroDB', 'Miyabi DB']
const relational = ['Prisma', 'Drizzle', 'Kysely', 'ours: prisma']
const documents = ['lib-dynamodb', 'ElectroDB', 'ElectroDB', 'ours']
const identities = ['Prisma, extension', undefined, undefined, 'ours: prisma']

const rows: readonly Row[] = [
  { what: 'a row by its key', suite: 'postgres', workload: 'select', contenders: relational },
  { what: 'the same as one user, row-level security', suite: 'rls', workload: 'own row', contenders: identities },
  { what: 'a page of 100 rows', suite: 'postgres', workload: 'page', contenders: relational },
  { what: 'a row with two relations', suite: 'postgres', workload: 'relations', contenders: relational },
  { what: 'an insert', suite: 'postgres', workload: 'insert', contenders: relational },
  { what: 'a transaction of three statements', suite: 'postgres', workload: 'transaction', contenders: relational },
  { what: '1,000 rows in one call', suite: 'postgres', workload: 'bulk', contenders: relational },
  { what: 'an item by its key', suite: 'dynamo', workload: 'get', contenders: documents },
  { what: 'a put', suite: 'dynamo', workload: 'put', contenders: documents },
]

const BEGIN = '<!-- figures -->\n'
const END = '<!-- /figures -->'

/** Returns the front page with the figures of the published benchmarks between its two marks. */
export function withFigures(root: string, page: string): string {
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (before === -1 || after < before) throw new Error(`README.md has no ${BEGIN.trim()} before ${END}`)
  const table = [
    `| | ${columns.join(' | ')} |`,
    `| --- |${' ---: |'.repeat(columns.length)}`,
    ...rows.map((row) => `| ${row.what} | ${figures(root, row).join(' | ')} |`),
  ]
  return `${page.slice(0, before + BEGIN.length)}\n${table.join('\n')}\n\n${page.slice(after)}`
}

function figures(root: string, { suite, workload, contenders }: Row): string[] {
  const file = path.join(root, 'benchmarks/results', `${suite}.json`)
  const { tables } = JSON.parse(readFileSync(file, 'utf8')) as SuiteResult
  const table = tables.find((one) => one.workload === workload && one.concurrency === CONCURRENCY)
  if (table === undefined) throw new Error(`${file} has no ${workload} at ${CONCURRENCY}`)
  const base = resultOf(table, table.base)
  return contenders.map((name) => {
    const result = table.contenders.find(({ contender }) => contender === name)
    const ratio = result && ratioOf(result, base)
    return ratio === undefined ? '-' : number(ratio.median)
  })
}
