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

/** The page with the rights on every table, from the record that the matrix test verifies on real servers. */
export function whoCanDoWhatPage(schemaFolder: string): string {
  const domains = readPrismaSchema(schemaFolder)
  return [
    '# Who can do what',
    '',
    '<!-- Generated from packages/postgres/test/row-security/access.ts by `pnpm docs:generate`. Do not edit. -->',
    '',
    'For reviewers of rights. `packages/postgres/test/row-security` verifies every cell on PostgreSQL 18 and 15, with the real statement, column by',
    'column. How it works: [row-level security](../ROW_LEVEL_SECURITY.md).',
    '',
    "- `own`: rows of the calling user. `other`: rows of other users. `nobody's`: rows without a user.",
    '- **refused**: the error "permission denied". **none**: the statement runs and reaches no row.',
    '- An admin is a user whose row says so. An id that belongs to no user reads and writes nothing at all.',
    '- The service has all rights on every row and column, except for those named at a table; so has the migrator, which owns the tables.',
    '- Without an identity every statement fails: `postgres.identity.missing`.',
    '',
    '## Functions',
    '',
    'They have rights that their caller does not have, for this purpose only.',
    '',
    '| purpose | call | user, admin | web user | unknown user | service |',
    '| --- | --- | --- | --- | --- | --- |',
    ...calls.map(
      ({ meaning, call, user, webUser, stranger, service }) =>
        `| ${meaning} | \`${call.replace(/\(.*/, '')}\` | ${user} | ${webUser} | ${stranger} | ${service} |`,
    ),
    '',
    '"denied": no right to call it; "refused": stopped by a policy or a foreign key; "no plugin": finds no row.',
    '',
    ...domains.flatMap(section),
    '## Internal tables',
    '',
    'Not in the Prisma client. Verified by `packages/postgres/test/row-security/machinery.integration.test.ts`.',
    '',
    '| table | user, admin, web user | service |',
    '| --- | --- | --- |',
    ...Object.entries<MachineryAccess>(machinery).map(
      ([name, { people = [], service }]) =>
        `| \`${name}\` | ${people.join(', ') || 'refused'} | ${service.join(', ')} |`,
    ),
    '',
    ...Object.entries(machinery).flatMap(([name, { meaning }]) => [`\`${name}\`: ${meaning}`, '']),
    'Next: [row-level security](../ROW_LEVEL_SECURITY.md), [the tables](schema.md).',
    '',
  ].join('\n')
}

/** Returns missing and superfluous entries of the access record, with what to write. */
export function accessProblems(schemaFolder: string): string[] {
  const declared = readPrismaSchema(schemaFolder).flatMap((domain) => domain.tables)
  const tables = declared.filter(({ name }) => !Object.hasOwn(machinery, name))
  const names = new Set(tables.map(({ name }) => name))
  return [
    ...tables
      .filter(({ name }) => !Object.hasOwn(access, name))
      .map(
        (table) =>
          `${RECORD} has no entry for ${table.name}. Add one; this matches what \`new\` grants:\n${asOpened(table)}`,
      ),
    ...Object.keys(access)
      .filter((name) => !names.has(name))
      .map((name) => `${RECORD} has an entry for ${name}, a table that prisma/schema does not have: remove the entry`),
  ]
}

/** The grants of `pnpm db:migrate new` on a table: all rights to the service, and users read their own rows. */
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
    if (rules === undefined) return [] // reported by accessProblems
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
    ...(insertColumns.length > 0 ? [`Users insert ${list(insertColumns)}.`] : []),
    ...(updateColumns.length > 0 ? [`Users update ${list(updateColumns)}.`] : []),
    ...(adminColumns.length > 0 ? [`Only admins set ${list(adminColumns)}.`] : []),
  ]
  return lines.length > 0 ? [lines.join(' '), ''] : []
}
