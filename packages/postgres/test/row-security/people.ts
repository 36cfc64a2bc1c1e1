import { createHash } from 'node:crypto'
import { idAt } from '../../src/ids/ids.js'
import { declaredTable, exampleOf, parentOf } from '../schema/declared.js'
import { type Row, type Table, tables } from '../schema/rows.js'
import type { Kind, Whose } from './access.js'

/** A person of the fixture. Marketplace tables belong to users, web tables to web users. */
export interface Person {
  readonly name: string
  readonly id: string
  readonly kind: 'user' | 'webUser'
  readonly isAdmin?: boolean
}

/** An id that is the same in every run. */
export const idOf = (name: string): string =>
  createHash('md5')
    .update(name)
    .digest('hex')
    .replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')

/** Tables by month take ids of now alone. */
const byMonth: readonly Table[] = ['usage_events', 'logs', 'execution_logs', 'line_messages']
const [now = ''] = /^.{13}/.exec(idAt(new Date())) ?? []

/** An id that is the same all through the run. */
const rowId = (table: Table, name: string): string =>
  byMonth.includes(table) ? `${now}-7${idOf(name).slice(15)}` : idOf(name)

const person = (name: string, kind: Person['kind'], isAdmin = false): Person => ({
  name,
  id: idOf(name),
  kind,
  isAdmin,
})

export const alice = person('alice', 'user')
export const bob = person('bob', 'user')
export const ada = person('ada', 'user', true)
export const wanda = person('wanda', 'webUser')
export const walt = person('walt', 'webUser')
export const users = [alice, bob, ada]
export const webUsers = [wanda, walt]

/** Rows of one table, with whose they are; `undefined` is nobody's. */
export interface FixtureRow {
  readonly table: Table
  readonly id: string
  readonly of: Person | undefined
  readonly state?: string
  readonly values: Row
}

/** The kind of a row as `me` sees it. */
export function kindOf(row: Pick<FixtureRow, 'of' | 'state'>, me: Person | undefined): Kind {
  const whose: Whose = row.of === undefined ? "nobody's" : row.of === me ? 'own' : 'other'
  return row.state === undefined ? whose : `${whose}, ${row.state}`
}

const plugin = { display_name: 'P', source: 'github:miyabi/p', version: '1.0.0', tier: 'pro' }
/** A person has one row a plugin in several tables: rows beside the fixture are about another one. */
const pluginFor = (tag: string): string => (tag ? 'fresh' : 'catalog')
const decided = { status: 'approved', quality_score: 90, reviewed_at: '2026-01-01T00:00:00Z' }
const later = '2999-01-01T00:00:00Z'

type Made = Omit<FixtureRow, 'table' | 'id'> & { readonly id?: string }

/**
 * Rows of each table: one for each person and state that matters, and nobody's where the table has such. `tag` keeps
 * what must be unique apart; rows with a tag of their own can be inserted beside the fixture.
 */
const rowsOf: Readonly<Partial<Record<Table, (tag: string) => readonly Made[]>>> = {
  users: (tag) =>
    users.map((of) => ({
      of,
      id: of.id,
      values: { email: `${of.name}${tag}@example.org`, role: of.isAdmin ? 'admin' : 'user' },
    })),
  plugins: (tag) => [
    ...users.map((of) => ({ of, id: `by-${of.name}${tag}`, values: { ...plugin, name: of.name, author_id: of.id } })),
    ...['catalog', 'fresh'].map((name) => ({ of: undefined, id: `${name}${tag}`, values: { ...plugin, name } })),
  ],
  plugin_submissions: (tag) =>
    users.flatMap((of) => {
      const values = { user_id: of.id, plugin_data: {}, status: 'pending_review' }
      return [
        { of, values },
        ...(tag ? [] : [{ of, state: 'scanned', values: { ...values, security_scan: {} } }]),
        { of, state: 'decided', values: { ...values, ...decided } },
      ]
    }),
  plugin_reviews: (tag) =>
    users.map((of) => ({ of, values: { user_id: of.id, plugin_id: pluginFor(tag), rating: 4 } })),
  subscriptions: (tag) =>
    users.map((of) => ({
      of,
      values: { user_id: of.id, plugin_id: pluginFor(tag), tier: 'pro', license_key: 'key', status: 'active' },
    })),
  licenses: (tag) =>
    users.map((of) => ({
      of,
      values: { user_id: of.id, plugin_id: 'catalog', license_key: `license of ${of.name}${tag}`, tier: 'pro' },
    })),
  trials: (tag) =>
    users.map((of) => ({
      of,
      values: { user_id: of.id, plugin_id: pluginFor(tag), license_key: 'key', expires_at: later },
    })),
  revoked_licenses: (tag) => [{ of: undefined, values: { license_key: `revoked${tag}` } }],
  usage_events: () =>
    users.map((of) => ({ of, values: { user_id: of.id, plugin_id: 'catalog', event_type: 'command_used' } })),
  usage_aggregates: (tag) =>
    users.map((of) => ({ of, values: { user_id: of.id, plugin_id: pluginFor(tag), period: '2025-11' } })),
  web_users: (tag) =>
    webUsers.map((of, i) => ({
      of,
      id: of.id,
      values: { github_id: i + 10 * tag.length, github_username: of.name, line_user_id: `line of ${of.name}${tag}` },
    })),
  repositories: (tag) =>
    webUsers.map((of, i) => ({
      of,
      id: idOf(`repository of ${of.name}${tag}`),
      values: {
        user_id: of.id,
        github_repo_id: i + 10 * tag.length,
        owner: of.name,
        name: 'hello',
        full_name: `${of.name}/hello`,
      },
    })),
  workflows: (tag) =>
    webUsers.flatMap((of) => {
      const values = {
        user_id: of.id,
        repository_id: idOf(`repository of ${of.name}`),
        name: 'Release',
        definition: {},
      }
      const abroad = { repository_id: idOf(`repository of ${others(of).name}`) }
      return [
        { of, values },
        { of, state: 'public', values: { ...values, is_public: true } },
        ...(tag ? [{ of, state: "on another's repository", values: { ...values, ...abroad } }] : []),
      ]
    }),
  line_messages: (tag) => [
    ...webUsers.flatMap((of) => {
      const values = { user_id: of.id, line_user_id: `line of ${of.name}`, message_type: 'text' }
      const forged = { line_user_id: `line of ${others(of).name}` }
      return [
        { of, values },
        ...(tag ? [{ of, state: "from another's account", values: { ...values, ...forged } }] : []),
      ]
    }),
    { of: undefined, values: { user_id: null, line_user_id: 'line of nobody', message_type: 'text' } },
  ],
  websocket_connections: (tag) =>
    webUsers.map((of) => ({ of, values: { user_id: of.id, connection_id: `connection of ${of.name}${tag}` } })),
  agent_executions: (tag) =>
    webUsers.flatMap((of) => {
      const values = { user_id: of.id, repository_id: idOf(`repository of ${of.name}`), agent_type: 'CodeGen' }
      const abroad = { repository_id: idOf(`repository of ${others(of).name}`) }
      return [
        { of, id: idOf(`execution of ${of.name}${tag}`), values },
        ...(tag ? [{ of, state: "on another's repository", values: { ...values, ...abroad } }] : []),
      ]
    }),
  execution_logs: () =>
    webUsers.map((of) => ({
      of,
      values: { execution_id: idOf(`execution of ${of.name}`), log_level: 'INFO', message: 'Started' },
    })),
  logs: () => [{ of: undefined, values: { level: 'info', message: 'Started' } }],
}

const others = (of: Person): Person => (of === wanda ? walt : wanda)

/**
 * Rows of a table of which nothing is said above, made up from the Prisma schema: one of each person where it refers to
 * a table of people, else one of nobody. Its states, and values that its checks ask for, are to be said above.
 */
function madeUp(name: Table, tag: string, fixture: readonly FixtureRow[]): Made[] {
  const table = declaredTable(name)
  const parents = table.references.map((reference) => reference.table)
  const people = parents.includes('users') ? users : parents.includes('web_users') ? webUsers : [undefined]
  return people.map((of, i) => {
    const values: Record<string, unknown> = {}
    for (const column of table.columns) {
      const parent = parentOf(table, column)
      const isPerson = parent === 'users' || parent === 'web_users'
      if (isPerson && of) values[column.name] = of.id
      else if (!column.nullable && column.default === undefined) {
        const theirs = fixture.filter((row) => row.table === parent)
        values[column.name] = parent
          ? (theirs.find((row) => row.of === of) ?? theirs[0])?.id
          : exampleOf(column, { text: `${column.name} of ${of?.name ?? 'nobody'}${tag}`, number: i + 10 * tag.length })
      }
    }
    return { of, values }
  })
}

/** Parents first. */
const inOrder: readonly Table[] = [
  ...(Object.keys(rowsOf) as Table[]),
  ...childrenLast(tables.filter((table) => !(table in rowsOf))),
]

function childrenLast(tables: readonly Table[]): Table[] {
  const refersTo = (child: Table, parent: Table): boolean =>
    child !== parent && declaredTable(child).references.some(({ table }) => table === parent)
  const free = tables.filter((table) => !tables.some((other) => refersTo(table, other)))
  return free.length === 0 ? [...tables] : [...free, ...childrenLast(tables.filter((table) => !free.includes(table)))]
}

function rows(tag: string, fixture?: readonly FixtureRow[]): FixtureRow[] {
  const made: FixtureRow[] = []
  for (const table of inOrder) {
    const own = rowsOf[table]?.(tag) ?? madeUp(table, tag, fixture ?? made)
    made.push(...own.map((row, i) => ({ table, id: rowId(table, `${table} ${i}${tag}`), ...row })))
  }
  return made
}

/** What the tables hold when the matrix begins, parents first. */
export const fixture: readonly FixtureRow[] = rows('')

/** Rows that could be inserted beside the fixture: those of the same kinds, and some that nobody may forge. */
export const candidates: readonly FixtureRow[] = rows('-new', fixture).map((row) => ({
  ...row,
  // A row of users or web_users is a person; a new one is nobody's yet.
  ...(row.table === 'users' || row.table === 'web_users' ? { id: idOf(`new ${row.id}`), of: undefined } : {}),
}))
