import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { isPostgresError, type Postgres } from '../../src/index.js'
import { failureOf, usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })
let postgres: Postgres
let userId: string
beforeAll(async () => {
  postgres = bench.service({ maxConnections: 2 })
  userId = (await postgres.prisma.user.create({ data: { email: 'taken@example.com' } })).id
  const data = {
    name: 'n',
    displayName: 'N',
    source: 's',
    version: '1',
    tier: 'free',
    features: [],
    limitations: {},
  } as const
  await postgres.prisma.plugin.create({ data: { id: 'p', ...data } })
  await postgres.prisma.pluginReview.create({ data: { userId, pluginId: 'p', rating: 5 } })
})
afterAll(() => postgres?.close())

/** The same statement through Prisma, through our transaction, and without Prisma. */
const violations = [
  [
    'unique',
    'INSERT INTO users (email) VALUES ($1)',
    ['taken@example.com'],
    { code: 'postgres.unique_violation', constraint: 'users_email_key', table: 'users', columns: ['email'] },
  ],
  [
    'unique over two columns',
    `INSERT INTO plugin_reviews (plugin_id, user_id, rating) SELECT 'p', id, $1 FROM users`,
    [4],
    {
      code: 'postgres.unique_violation',
      constraint: 'plugin_reviews_plugin_id_user_id_key',
      table: 'plugin_reviews',
      columns: ['plugin_id', 'user_id'],
    },
  ],
  [
    'foreign key, row missing',
    `INSERT INTO plugin_reviews (plugin_id, user_id, rating) SELECT $1, id, 4 FROM users`,
    ['nothing'],
    {
      code: 'postgres.foreign_key_violation',
      constraint: 'plugin_reviews_plugin_id_fkey',
      table: 'plugin_reviews',
      columns: ['plugin_id'],
    },
  ],
  [
    'check over two columns',
    `INSERT INTO trials (user_id, plugin_id, license_key, started_at, expires_at)
     SELECT id, 'p', $1, '2025-01-02', '2025-01-01' FROM users`,
    ['key'],
    {
      code: 'postgres.check_violation',
      constraint: 'trials_expires_after_start',
      table: 'trials',
      columns: ['expires_at', 'started_at'],
    },
  ],
  [
    'not null',
    'INSERT INTO logs (level, message) VALUES ($1, NULL)',
    ['info'],
    { code: 'postgres.not_null_violation', table: 'logs', columns: ['message'] },
  ],
] as const

describe('a violation', () => {
  it.each(violations)(
    'of %s names constraint, table and columns, by every path',
    async (_name, sql, values, expected) => {
      const { code, ...details } = expected
      const failing = [
        () => postgres.prisma.$executeRawUnsafe(sql, ...values),
        () => postgres.transaction((tx) => tx.$executeRawUnsafe(sql, ...values)),
        () => postgres.query(sql, values),
      ]
      for (const work of failing) {
        const error = toPostgresError(await failureOf(work()))
        expect(error).toMatchObject({ code, details, retryable: false, effect: 'none' })
        expect(error.message).toContain(details.columns.join(', '))
      }
    },
  )

  it('has its own type of details', async () => {
    const error = await failureOf(
      postgres.transaction((tx) => tx.user.create({ data: { email: 'taken@example.com' } })),
    )
    if (!isPostgresError(error)) throw error
    if (error.code !== 'postgres.unique_violation') throw error
    const columns: readonly string[] = error.details.columns // typed by the code
    expect(columns).toEqual(['email'])
    expect(isPostgresError(error, 'postgres.deadline')).toBe(false)
  })
})

it('a COPY that was sent without its data reports that, and not a cancellation', async () => {
  await bench.admin('CREATE TABLE copied (id int)')
  await bench.admin('GRANT INSERT ON copied TO PUBLIC')
  const copy = 'COPY copied FROM STDIN'
  const pool = bench.pool()
  for (const work of [
    () => pool.query(copy),
    () => postgres.prisma.$executeRawUnsafe(copy),
    () => postgres.transaction((tx) => tx.$executeRawUnsafe(copy)),
  ]) {
    const error = toPostgresError(await failureOf(work()))
    expect(error).toMatchObject({ code: 'postgres.invalid_query', retryable: false, effect: 'none' })
    expect(error.message).toContain('no data was sent for COPY FROM STDIN')
  }
})

/** The text before the list, in the file that contains it. */
const file = path.resolve(import.meta.dirname, '../../src/schema/constraint-columns.ts')
const [head = ''] = readFileSync(file, 'utf8').split(/(?<=^export const CONSTRAINT_COLUMNS.*\n)/m)

it('the columns of each constraint match the database: `pnpm generate:constraints` writes them', async () => {
  const rows = await bench.admin<{ name: string; columns: string[] }>(`
    SELECT conname AS name, ARRAY(
      SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key(number, place)
      JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place) AS columns
    FROM pg_constraint WHERE contype IN ('c', 'f') AND conrelid <> 0 AND connamespace = 'public'::regnamespace
    UNION ALL
    SELECT relname, ARRAY(
      SELECT attname::text FROM unnest(indkey) WITH ORDINALITY AS key(number, place)
      JOIN pg_attribute ON attrelid = indrelid AND attnum = number ORDER BY place)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indisunique AND relnamespace = 'public'::regnamespace AND indrelid <> to_regclass('_prisma_migrations')
    ORDER BY 1`)
  const lines = rows.map(({ name, columns }) => property(name, columns))
  await expect(`${head}${lines.join('')}}\n`).toMatchFileSnapshot(file)
})

/** In the format of the repository's formatter. */
function property(name: string, columns: readonly string[]): string {
  const quoted = columns.map((column) => `'${column}'`)
  const key = /^[a-z_]\w*$/i.test(name) ? name : `'${name}'`
  const line = `  ${key}: [${quoted.join(', ')}],\n`
  return line.length <= 121 ? line : `  ${key}: [\n${quoted.map((each) => `    ${each},\n`).join('')}  ],\n`
}
