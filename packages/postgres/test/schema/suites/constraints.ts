import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { declared, exampleOf, statesOf } from '../declared.js'
import { insert, type Row, rowFor, type Table, tables } from '../rows.js'
import { type OpenSchemaDatabase, refusal, type SchemaDatabase } from '../schema-database.js'

/** Each column whose values domain.ts lists, with the check that repeats the list. */
const states = declared.flatMap(({ name: table, columns }) =>
  columns.flatMap((column) => {
    const values = statesOf(column)
    return values
      ? [{ check: `${table}_${column.name}_known`, table: table as Table, column: column.name, values }]
      : []
  }),
)

/** For each check a row that breaks it, and only it. */
const violations: Readonly<Record<string, readonly [Table, Row]>> = {
  ...Object.fromEntries(
    states.map(({ check, table, column }) => [check, [table, { [column]: 'none of them' }] as const]),
  ),
  users_email_is_address: ['users', { email: 'nobody' }],
  plugins_id_is_slug: ['plugins', { id: 'My Plugin' }],
  plugins_price_not_negative: ['plugins', { price: -1 }],
  plugins_currency_is_iso_4217: ['plugins', { currency: 'usd' }],
  plugins_downloads_not_negative: ['plugins', { downloads: -1 }],
  plugins_rating_between_0_and_5: ['plugins', { rating: 5.01 }],
  plugins_trial_period_not_negative: ['plugins', { trial_period: -1 }],
  plugins_does_not_require_itself: ['plugins', { id: 'ouroboros', requires_plugin_id: 'ouroboros' }],
  plugin_submissions_quality_score_between_0_and_100: ['plugin_submissions', { quality_score: 101 }],
  plugin_reviews_rating_between_1_and_5: ['plugin_reviews', { rating: 0 }],
  licenses_revoked_agrees_with_revoked_at: ['licenses', { revoked: true }],
  trials_expires_after_start: ['trials', { started_at: '2025-01-02', expires_at: '2025-01-02' }],
  usage_aggregates_period_is_month: ['usage_aggregates', { period: '2025-13' }],
  usage_aggregates_issues_not_negative: ['usage_aggregates', { issues: -1 }],
  usage_aggregates_tokens_not_negative: ['usage_aggregates', { tokens: -1 }],
  usage_aggregates_agent_executions_is_object: ['usage_aggregates', { agent_executions: '[]' }],
  usage_events_quantity_not_negative: ['usage_events', { quantity: -1, meter: 'issues' }],
  usage_events_quantity_has_meter: ['usage_events', { quantity: 1 }],
  usage_events_agent_has_meter: ['usage_events', { meter: 'issues', agent: 'a' }],
  usage_events_id_fits_created_at: ['usage_events', { created_at: '2025-01-01' }],
  logs_id_fits_created_at: ['logs', { created_at: '2025-01-01' }],
  execution_logs_id_fits_created_at: ['execution_logs', { created_at: '2025-01-01' }],
  line_messages_id_fits_created_at: ['line_messages', { created_at: '2025-01-01' }],
  agent_executions_state_version_not_negative: ['agent_executions', { state_version: -1 }],
  agent_executions_completed_not_before_start: [
    'agent_executions',
    { started_at: '2025-01-02', completed_at: '2025-01-01' },
  ],
  plugins_categories_is_flat_without_null: ['plugins', { categories: ['a', null] }],
  plugins_features_within_2_to_53: ['plugins', { features: '[{ "limit": 9007199254740993 }]' }],
  plugins_limitations_within_2_to_53: ['plugins', { limitations: '{ "issues": -9007199254740993 }' }],
  licenses_features_within_2_to_53: ['licenses', { features: '[1e400]' }],
  licenses_limitations_within_2_to_53: ['licenses', { limitations: '{ "deep": [{ "issues": 9007199254740993 }] }' }],
}

/** Further rows that a check must refuse: the other side of a range, the other way to disagree. */
const moreViolations: readonly (readonly [string, Table, Row])[] = [
  ['plugins_rating_between_0_and_5', 'plugins', { rating: -0.01 }],
  ['plugin_submissions_quality_score_between_0_and_100', 'plugin_submissions', { quality_score: -1 }],
  ['plugin_reviews_rating_between_1_and_5', 'plugin_reviews', { rating: 6 }],
  ['licenses_revoked_agrees_with_revoked_at', 'licenses', { revoked_at: '2025-01-01' }],
  ['usage_aggregates_period_is_month', 'usage_aggregates', { period: '2025-00' }],
  ['usage_aggregates_period_is_month', 'usage_aggregates', { period: '2025-1' }],
  ['users_email_is_address', 'users', { email: 'two words@example.org' }],
  ['plugins_categories_is_flat_without_null', 'plugins', { categories: '{{a},{b}}' }],
  ['plugins_categories_is_flat_without_null', 'plugins', { categories: '[2:3]={a,b}' }],
  ['logs_id_fits_created_at', 'logs', { id: '01950000-0000-4000-8000-000000000000', created_at: '2025-02-12' }],
  ['subscriptions_trial_ends_at_within_years_1_to_9999', 'subscriptions', { trial_ends_at: '0001-12-31 BC' }],
  ['subscriptions_trial_ends_at_within_years_1_to_9999', 'subscriptions', { trial_ends_at: '10000-01-01' }],
]

/** What a row needs besides, where an infinite moment would break another rule first. */
const besides: Readonly<Record<string, Row>> = { 'licenses.revoked_at': { revoked: true } }

/** The check that every column of moments has. */
const withinYears = (table: string, column: string): string => `${table}_${column}_within_years_1_to_9999`

/** Keys that say "only one such row". The second row repeats these columns of the first and nothing else. */
const uniqueKeys = declared.flatMap((table) => {
  const single = table.columns.filter(({ unique, primaryKey, type }) => unique || (primaryKey && type === 'text'))
  const several = table.keys.filter(({ unique }) => unique).map(({ columns }) => columns.split(', '))
  return [...single.map(({ name }) => [name]), ...several].map((names) => {
    const columns = table.columns.filter(({ name }) => names.includes(name))
    const isPrimary = columns.every(({ primaryKey }) => primaryKey)
    // One that may be null needs a value to repeat.
    const given = columns.filter(({ nullable }) => nullable)
    return {
      key: isPrimary ? `${table.name}_pkey` : `${table.name}_${names.join('_')}_key`,
      table: table.name as Table,
      columns: names,
      row: Object.fromEntries(given.map((each) => [each.name, exampleOf(each, { text: 'the same', number: 1 })])),
    }
  })
})

export function constraints(open: OpenSchemaDatabase): void {
  describe('constraints', () => {
    let db: SchemaDatabase
    beforeAll(async () => {
      db = await open()
    })
    afterAll(() => db.close())

    const refuses = [
      ...Object.entries(violations).map(([name, [table, row]]) => [name, table, row] as const),
      ...moreViolations,
    ]
    it.each(refuses)('%s refuses a row of %s with %j', async (constraint, table, row) => {
      expect(await refusal(insert(db, table, row))).toMatchObject({ code: '23514', constraint })
    })

    it('on a moment let nothing in that no usual Date is, in any column', async () => {
      const columns = await db.query<{ table: Table; column: string }>(
        `SELECT table_name AS table, column_name AS column FROM information_schema.columns
          WHERE table_schema = 'public' AND data_type LIKE 'timestamp%' AND table_name = ANY ($1)`,
        [[...tables]],
      )
      expect(columns.length).toBeGreaterThan(30)
      for (const { table, column } of columns) {
        const refusals = await Promise.all(
          ['infinity', '-infinity'].map((moment) =>
            refusal(insert(db, table, { ...besides[`${table}.${column}`], [column]: moment })),
          ),
        )
        expect(refusals).toMatchObject([{ code: '23514' }, { code: '23514' }])
        const names = refusals.map(({ constraint }) => constraint)
        expect(names).toContain(withinYears(table, column))
      }
    })

    it('are all tried above', async () => {
      const checks = await db.query<{ conname: string }>(
        `SELECT conname FROM pg_constraint
          WHERE contype = 'c' AND conrelid::regclass::text = ANY ($1) AND conname NOT LIKE '%\\_within\\_years\\_1\\_to\\_9999'
          ORDER BY 1`,
        [tables],
      )
      const names = checks.map(({ conname }) => conname)
      const untried = names.filter((name) => !(name in violations))
      expect(untried, 'add to violations a row that breaks it, and only it').toEqual([])
      const lacking = states.filter(({ check }) => !names.includes(check)).map(checkOn)
      expect(lacking, 'a column that domain.ts types has a check on its values: in a migration').toEqual([])
      expect(names).toEqual(Object.keys(violations).sort())
    })

    it.each(uniqueKeys)('$key refuses a second row', async ({ key, table, columns, row }) => {
      const first = await insert(db, table, row)
      const same = Object.fromEntries(columns.map((column) => [column, first[column]]))
      expect(await refusal(insert(db, table, same))).toMatchObject({ code: '23505', constraint: key })
    })

    it('have no other unique key than those', async () => {
      const keys = await db.query<{ name: string }>(
        `SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         JOIN pg_class t ON t.oid = i.indrelid
         WHERE i.indisunique AND t.relnamespace = 'public'::regnamespace AND t.relname = ANY ($1)
           AND pg_get_indexdef(i.indexrelid, 1, true) <> 'id'
         ORDER BY 1`,
        [tables],
      )
      expect(keys.map(({ name }) => name)).toEqual(
        uniqueKeys
          .map(({ key }) => key)
          .filter((name) => !name.endsWith('_pkey'))
          .sort(),
      )
    })

    it.each(states)('$check allows exactly the values that the client is typed with', async ({ check, values }) => {
      const [found] = await db.query<{ definition: string }>(
        'SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = $1',
        [check],
      )
      const allowed = [...(found?.definition.matchAll(/'([^']+)'/g) ?? [])].map(([, value]) => value)
      expect(allowed).toEqual([...values])
    })

    it.each(tables)('%s refuses a row without any one of its required columns', async (table) => {
      const row = await rowFor(db, table)
      for (const column of Object.keys(row).filter((name) => name !== 'line_user_id')) {
        expect(await refusal(insert(db, table, { [column]: null })), column).toMatchObject({ code: '23502' })
      }
    })
  })
}

const checkOn = ({ check, table, column, values }: (typeof states)[number]): string =>
  `ALTER TABLE ${table} ADD CONSTRAINT ${check} CHECK (${column} IN (${values.map((value) => `'${value}'`).join(', ')}));`
