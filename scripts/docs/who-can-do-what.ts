import {
  access,
  calls,
  type Kind,
  type TableAccess,
  type Verb,
} from '../../packages/postgres/test/row-security/access.js'
import { type MachineryAccess, machinery } from '../../packages/postgres/test/row-security/machinery.js'
import { type Domain, readPrismaSchema, type Table } from './prisma-schema.js'

const RECORD = 'packages/postgres/test/row-security/access.ts'

const verbs: readonly Verb[] = ['select', 'insert', 'update', 'delete']
const people = { user: 'user', admin: 'admin', webUser: 'web user' } as const

/** The page that says of every table who may do what, out of the record that the matrix test tries on real servers. */
export function whoCanDoWhatPage(schemaFolder: string): string {
  const domains = readPrismaSchema(schemaFolder)
  return [
    '# Who can do what',
    '',
    '<!-- Generated from packages/postgres/test/row-security/access.ts by `pnpm docs:generate`. Do not edit. -->',
    '',
    'Every cell is tried on PostgreSQL 18 and 15 by `packages/postgres/test/row-security`, by the real statement, column by column. How it',
    'works, and against what: [row-level security](../ROW_LEVEL_SECURITY.md).',
    '',
    "- `own`: rows of the person who asks. `other`: rows of other people. `nobody's`: rows without a person.",
    '- **refused**: "permission denied", aloud. **none**: the statement runs and reaches no row.',
    '- An admin is a user whose row says so. Whoever has an id that nobody has reads and writes nothing at all.',
    '- The service may do everything with every row and column, but for what is said at a table; so may the migrator, who owns the tables.',
    '- Without an identity nobody does anything: `postgres.identity.missing`.',
    '',
    '## Functions',
    '',
    'They do what their caller could not, and only that.',
    '',
    '| to | call | user, admin | web user | unknown user | service |',
    '| --- | --- | --- | --- | --- | --- |',
    ...calls.map(
      ({ meaning, call, user, webUser, stranger, service }) =>
        `| ${meaning} | \`${call.replace(/\(.*/, '')}\` | ${user} | ${webUser} | ${stranger} | ${service} |`,
    ),
    '',
    '"denied" may not call it; "refused" is stopped by a policy or a foreign key; "no plugin" finds nothing to work on.',
    '',
    ...domains.flatMap(section),
    "## The product's own machinery",
    '',
    'Not in the client of Prisma. Tried by `packages/postgres/test/row-security/machinery.integration.test.ts`.',
    '',
    '| table | user, admin, web user | service |',
    '| --- | --- | --- |',
    ...Object.entries<MachineryAccess>(machinery).map(
      ([name, { people = [], service }]) =>
        `| \`${name}\` | ${people.join(', ') || 'refused'} | ${service.join(', ')} |`,
    ),
    '',
    ...Object.entries(machinery).flatMap(([name, { meaning }]) => [`\`${name}\`: ${meaning}`, '']),
  ].join('\n')
}

/** What is missing in the record of access, or too much in it, with what to write. */
export function accessProblems(schemaFolder: string): string[] {
  const declared = readPrismaSchema(schemaFolder).flatMap((domain) => domain.tables)
  const tables = declared.filter(({ name }) => !Object.hasOwn(machinery, name))
  const names = new Set(tables.map(({ name }) => name))
  return [
    ...tables
      .filter(({ name }) => !Object.hasOwn(access, name))
      .map(
        (table) =>
          `${RECORD} does not say who may do what with ${table.name}. As \`new\` opens it:\n${asOpened(table)}`,
      ),
    ...Object.keys(access)
      .filter((name) => !names.has(name))
      .map((name) => `${RECORD} is about ${name}, a table that prisma/schema does not have: take the entry out`),
  ]
}

/** What `pnpm db:migrate new` writes for a table: the service everything, people what is theirs, to read. */
function asOpened({ name, references }: Table): string {
  const refersTo = (people: string): boolean => references.some(({ table }) => table === people)
  const own = "{ select: ['own'] }"
  const lines = [
    "meaning: '...'",
    ...(refersTo('users') ? [`user: ${own}`, `admin: ${own}`] : []),
    ...(refersTo('web_users') ? [`webUser: ${own}`] : []),
  ]
  return `  ${name}: { ${lines.join(', ')} },`
}

function section({ tables }: Domain): string[] {
  return tables.flatMap(({ name }) => {
    const rules = access[name as keyof typeof access]
    if (rules === undefined) return [] // told by accessProblems
    return [`## ${name}`, '', rules.meaning, '', ...table(rules), '', ...columns(rules)]
  })
}

function table(rules: TableAccess): string[] {
  const cell = (kinds: readonly Kind[] | undefined): string => {
    if (kinds === undefined) return 'refused'
    return kinds.length === 0 ? 'none' : kinds.join('; ')
  }
  const lacks = (verb: Verb): string => (rules.serviceLacks?.includes(verb) ? 'refused' : 'every')
  return [
    `| | ${Object.values(people).join(' | ')} | service |`,
    '| --- | --- | --- | --- | --- |',
    ...verbs.map((verb) => {
      const cells = (Object.keys(people) as (keyof typeof people)[]).map((who) => cell(rules[who]?.[verb]))
      return `| ${verb} | ${cells.join(' | ')} | ${lacks(verb)} |`
    }),
  ]
}

function columns({ insertColumns = [], updateColumns = [], adminColumns = [] }: TableAccess): string[] {
  const list = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')
  const lines = [
    ...(insertColumns.length > 0 ? [`People insert ${list(insertColumns)}.`] : []),
    ...(updateColumns.length > 0 ? [`People update ${list(updateColumns)}.`] : []),
    ...(adminColumns.length > 0 ? [`Only admins give a value to ${list(adminColumns)}.`] : []),
  ]
  return lines.length > 0 ? [lines.join(' '), ''] : []
}
