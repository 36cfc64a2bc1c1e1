import { createTestDatabase, type TestDatabase } from '@miyabi/testing'
import { idAt } from '../../src/index.js'
import { idOf, insert, type Row, type Table } from '../schema/rows.js'
import { type SchemaDatabase, schemaDatabase } from '../schema/schema-database.js'

/** How many rows each table gets at least. */
const ROWS = 5

/** Values at the edges of their types, for columns that may have them. */
const JSON_VALUES: readonly unknown[] = [
  {},
  { a: 1, b: [true, null, { c: 'x' }], $type: 'Json', 'ü"\\': '' },
  { list: [], deep: { deeper: { deepest: 1.5 } } },
  { a: 'text', n: -9007199254740991 },
  { __proto__x: 1, constructor: 'none' },
]
const TIMES = ['0001-01-01T00:00:00Z', '1969-12-31T23:59:59.999Z', '2026-02-28T12:00:00.5Z', '9999-12-31T23:59:59.999Z']
/** Of which there are ids and months. */
const PAST = ['1970-01-01T00:00:00Z', '2026-02-28T12:00:00.5Z', '2001-09-09T01:46:40Z']
const TEXTS = ['', "it's", 'a"b\\c', '{x,NULL}', 'ｱ🙂', '%_']

const each = <T>(list: readonly T[], index: number): T => list[index % list.length] as T

/** A database with rows in every table, several of each parent, and none of some. */
export async function filledDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase()
  const db = schemaDatabase(database.directDatabaseUrl, async () => {})
  try {
    await fill(db)
  } finally {
    await db.close()
  }
  return database
}

async function fill(db: SchemaDatabase): Promise<void> {
  const rows = (table: Table, of: (index: number) => Row): Promise<Row[]> => rowsOf(db, table, of)
  const ids = (list: readonly Row[]): string[] => list.map(({ id }) => String(id))
  const users = ids(
    await rows('users', (n) => ({ name: n === 0 ? null : each(TEXTS, n), role: each(['user', 'admin'], n) })),
  )
  const plugins = ids(
    await rows('plugins', (n) => ({
      author_id: n < 2 ? null : each(users, n % 2),
      categories: each([[], ['a'], ['b', 'a"\\', '{,}', 'NULL']], n),
      price: each([0, 2900, 2147483647], n),
      rating: each(['0', '4.50', '5.00'], n),
      description: each([null, ...TEXTS], n),
      billing_period: each([null, 'monthly', 'one-time'], n),
      trial_period: each([null, 14], n),
      verified: n % 2 === 0,
      downloads: n,
    })),
  )
  await db.query('UPDATE plugins SET requires_plugin_id = $1 WHERE id = $2', [plugins[0], plugins[1]])
  const pair = (n: number) => ({ user_id: each(users, n % 3), plugin_id: each(plugins, n) })
  await rows('plugin_submissions', (n) => ({
    user_id: each(users, n % 2),
    plugin_data: JSON.stringify(each(JSON_VALUES, n)),
    security_scan: n % 2 ? null : JSON.stringify(each([null, [1], 'text', 1, false], n)),
    quality_score: each([null, 0, 100], n),
  }))
  await rows('plugin_reviews', (n) => ({ ...pair(n), rating: (n % 5) + 1, comment: each([null, ...TEXTS], n) }))
  await rows('subscriptions', (n) => ({ ...pair(n), current_period_end: each([null, ...TIMES], n) }))
  await rows('licenses', (n) => ({ ...pair(n), expires_at: each([null, ...TIMES], n), revoked: false }))
  await rows('trials', pair)
  await rows('revoked_licenses', (n) => ({ reason: each([null, ...TEXTS], n), revoked_at: each(TIMES, n) }))
  await rows('usage_events', (n) => {
    const time = each(PAST, n)
    const row = { ...pair(n), event_data: JSON.stringify(each(JSON_VALUES, n)) }
    return { ...row, id: idAt(new Date(time)), created_at: time }
  })
  await rows('usage_aggregates', (n) => ({
    ...pair(n),
    tokens: each(['0', '9007199254740993', '9223372036854775807'], n),
  }))
  const people = ids(await rows('web_users', (n) => ({ email: each([null, `A${n}@example.org`], n) })))
  const repositories = ids(await rows('repositories', (n) => ({ user_id: each(people, n % 2) })))
  const place = (n: number) => ({ user_id: each(people, n % 2), repository_id: each(repositories, n % 2) })
  await rows('workflows', (n) => ({ ...place(n), description: each([null, ...TEXTS], n) }))
  await rows('line_messages', (n) => ({ user_id: each([null, ...people], n), issue_number: each([null, 1, 270], n) }))
  await rows('websocket_connections', (n) => ({ user_id: each(people, n), connected_at: each(TIMES, n) }))
  const runs = ids(
    await rows('agent_executions', (n) => ({
      ...place(n),
      result: n % 2 ? null : JSON.stringify(each(JSON_VALUES, n)),
    })),
  )
  await rows('execution_logs', (n) => ({ execution_id: each(runs, n % 2), message: each(TEXTS.slice(1), n) }))
  await rows('logs', (n) => ({ level: each(['info', 'error'], n), data: JSON.stringify(each(JSON_VALUES, n)) }))
  await idOf(db, 'users') // of whom there is nothing else
}

async function rowsOf(db: SchemaDatabase, table: Table, of: (index: number) => Row): Promise<Row[]> {
  const inserted: Row[] = []
  for (let index = 0; index < ROWS; index += 1) inserted.push(await insert(db, table, of(index)))
  return inserted
}
