import { readFileSync } from 'node:fs'
import path from 'node:path'
import * as domain from '../../packages/postgres/src/schema/domain.js'
import { type Column, type Domain, readPrismaSchema, type Table } from './prisma-schema.js'

/** The files of prisma/schema in the order of the page. */
const titles: Readonly<Record<string, string>> = {
  marketplace: 'Marketplace',
  licensing: 'Licensing',
  usage: 'Usage',
  web: 'Web UI',
  agents: 'Agents',
  logs: 'Application log',
}

/** The page about the relational tables: a diagram of how they refer to each other, then each with its columns. */
export function schemaPage(root: string): string {
  const domains = inOrder(readPrismaSchema(path.join(root, 'prisma/schema')))
  const tables = domains.flatMap((group) => group.tables)
  const values = stateValues(path.join(root, 'packages/postgres/src/schema/domain.ts'))
  return [
    '# The relational tables',
    '',
    '<!-- Generated from prisma/schema by `pnpm docs:generate`. Do not edit. -->',
    '',
    'Checks, partial indexes, functions and triggers are in [the migrations](../../prisma/migrations).',
    '',
    '## How they refer to each other',
    '',
    '```mermaid',
    ...diagram(tables),
    '```',
    '',
    ...domains.flatMap((group) => section(group, values)),
  ].join('\n')
}

function inOrder(domains: readonly Domain[]): Domain[] {
  const order = Object.keys(titles)
  for (const { name } of domains) {
    if (!order.includes(name)) throw new Error(`prisma/schema/${name}.prisma has no title here: add it to titles`)
  }
  return [...domains].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
}

/** A page with the diagram of all tables, without columns, between its two marks. */
export function withTablesDiagram(root: string, page: string): string {
  const tables = inOrder(readPrismaSchema(path.join(root, 'prisma/schema'))).flatMap((group) => group.tables)
  const lonely = tables.filter(({ name, references }) => {
    return references.length === 0 && !tables.some((other) => other.references.some(({ table }) => table === name))
  })
  const lines = ['```mermaid', 'erDiagram', ...relations(tables), ...lonely.map(({ name }) => `  ${name}`), '```']
  const marks = /(<!-- tables: .*? -->\n)[\s\S]*?(<!-- \/tables -->)/
  if (!marks.test(page)) throw new Error('The page has no place for the diagram: <!-- tables: ... --> <!-- /tables -->')
  return page.replace(marks, (_, open: string, close: string) => `${open}\n${lines.join('\n')}\n\n${close}`)
}

/** Only keys are drawn: with all columns no one could read it. */
function diagram(tables: readonly Table[]): string[] {
  const entities = tables.flatMap((table) => {
    const foreign = new Set(table.references.map(({ column }) => column))
    const marks = ({ name, primaryKey, unique }: Column): string =>
      [primaryKey && 'PK', foreign.has(name) && 'FK', unique && 'UK'].filter(Boolean).join(', ')
    const keys = table.columns.filter((column) => marks(column) !== '')
    return [`  ${table.name} {`, ...keys.map((column) => `    ${column.type} ${column.name} ${marks(column)}`), '  }']
  })
  return ['erDiagram', ...entities, ...relations(tables)]
}

/** A line for each foreign key. */
function relations(tables: readonly Table[]): string[] {
  return tables.flatMap((table) =>
    table.references.map(
      ({ column, table: parent, required }) => `  ${parent} ${required ? '||' : '|o'}--o{ ${table.name} : "${column}"`,
    ),
  )
}

function section({ name, tables }: Domain, values: ReadonlyMap<string, readonly string[]>): string[] {
  return [`## ${titles[name]}`, '', ...tables.flatMap((table) => tableSection(table, values))]
}

function tableSection(table: Table, values: ReadonlyMap<string, readonly string[]>): string[] {
  const rows = table.columns.map((column) => {
    const allowed = column.typedAs ? values.get(column.typedAs) : undefined
    const reference = table.references.find((candidate) => candidate.column === column.name)
    const meaning = [
      reference && `\`${reference.table}\`, ${onDelete(reference.onDelete)}.`,
      column.primaryKey ? 'Primary key.' : column.unique && 'Unique.',
      column.doc,
      allowed && `One of ${allowed.map((value) => `\`${value}\``).join(', ')}.`,
    ]
    const type = `${column.type}${column.nullable ? '?' : ''}`
    return `| \`${column.name}\` | ${type} | ${column.default ? `\`${column.default}\`` : ''} | ${meaning.filter(Boolean).join(' ')} |`
  })
  const keys = table.keys.map(({ unique, columns }) => `${unique ? 'unique ' : ''}(${columns})`)
  return [
    `### \`${table.name}\``,
    '',
    table.doc,
    '',
    '| column | type | default | |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    ...(keys.length > 0 ? [`Keys and indexes: ${keys.join(', ')}.`, ''] : []),
  ]
}

function onDelete(action: string): string {
  const words: Readonly<Record<string, string>> = {
    Cascade: 'goes with it',
    Restrict: 'which cannot be deleted before',
    SetNull: 'emptied when that is deleted',
  }
  const said = words[action]
  if (said === undefined) throw new Error(`onDelete: ${action} has no words here`)
  return said
}

/** The values of each union in domain.ts, by the union's name. */
function stateValues(file: string): Map<string, readonly string[]> {
  const lists: Readonly<Record<string, unknown>> = domain
  const unions = readFileSync(file, 'utf8').matchAll(/^export type (\w+) = \(typeof (\w+)\)\[number\]$/gm)
  return new Map([...unions].map(([, name = '', list = '']) => [name, (lists[list] as readonly string[]) ?? []]))
}
