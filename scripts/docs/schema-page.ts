import path from 'node:path'
import { type Column, type Domain, readPrismaSchema, type Table } from './prisma-schema.js'
import { stateValues } from './state-values.js'

/** The files of prisma/schema in the order of the page; others follow, under their names. */
const titles: Readonly<Record<string, string>> = {
  marketplace: 'Marketplace',
  licensing: 'Licensing',
  usage: 'Usage',
  web: 'Web UI',
  agents: 'Agents',
  logs: 'Application log',
  outbox: 'Outbox',
}

/** The place of the diagram of all tables in a page. */
const TABLES = /(<!-- tables: .*? -->\n)[\s\S]*?(<!-- \/tables -->)/

const titleOf = (name: string): string => titles[name] ?? name.replace(/^./, (first) => first.toUpperCase())

/** The page about the PostgreSQL tables: a diagram of their relations, then each with its columns. */
export function schemaPage(root: string): string {
  const domains = inOrder(readPrismaSchema(path.join(root, 'prisma/schema')))
  const tables = domains.flatMap((group) => group.tables)
  const values = stateValues()
  return [
    '# PostgreSQL tables',
    '',
    '<!-- Generated from prisma/schema by `pnpm docs:generate`. Do not edit. -->',
    '',
    'For developers who query the tables. Every table with its columns and keys. Checks, partial indexes, functions and triggers are in [the migrations](../../prisma/migrations).',
    '',
    '## Relations',
    '',
    '```mermaid',
    ...diagram(tables),
    '```',
    '',
    ...domains.flatMap((group) => section(group, values)),
    'Next: [the database design](../DATABASE_DESIGN.md), [who can do what](who-can-do-what.md).',
    '',
  ].join('\n')
}

function inOrder(domains: readonly Domain[]): Domain[] {
  const order = Object.keys(titles)
  const place = ({ name }: Domain): number => (order.includes(name) ? order.indexOf(name) : order.length)
  return [...domains].sort((a, b) => place(a) - place(b))
}

/** Returns a page with the diagram of all tables, without columns, between its two marks. */
export function withTablesDiagram(root: string, page: string): string {
  const tables = inOrder(readPrismaSchema(path.join(root, 'prisma/schema'))).flatMap((group) => group.tables)
  const lonely = tables.filter(({ name, references }) => {
    return references.length === 0 && !tables.some((other) => other.references.some(({ table }) => table === name))
  })
  const lines = ['```mermaid', 'erDiagram', ...relations(tables), ...lonely.map(({ name }) => `  ${name}`), '```']
  if (!TABLES.test(page))
    throw new Error('The page has no place for the diagram: <!-- tables: ... --> <!-- /tables -->')
  return page.replace(TABLES, (_, open: string, close: string) => `${open}\n${lines.join('\n')}\n\n${close}`)
}

/** Returns tables that the page on the design does not name outside its generated diagram. */
export function designProblems(root: string, page: string): string[] {
  const text = page.replace(TABLES, '')
  return readPrismaSchema(path.join(root, 'prisma/schema'))
    .flatMap(({ tables }) => tables)
    .filter(({ name }) => !text.includes(`\`${name}\``))
    .map(
      ({ name }) =>
        `docs/DATABASE_DESIGN.md does not name \`${name}\`: add it to a row of the table of domains, below the diagram`,
    )
}

/** Only keys are drawn: with all columns the diagram would be unreadable. */
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
  return [`## ${titleOf(name)}`, '', ...tables.flatMap((table) => tableSection(table, values))]
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
    Cascade: 'deleted with it',
    Restrict: 'blocks its deletion',
    SetNull: 'set to NULL when it is deleted',
    NoAction: 'blocks its deletion',
    SetDefault: 'set to its default when it is deleted',
  }
  const said = words[action]
  if (said === undefined) throw new Error(`onDelete: ${action} has no words here`)
  return said
}
