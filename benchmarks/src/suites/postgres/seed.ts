import pg from 'pg'

const USERS = 200
const PLUGINS = 500
const REVIEWS_OF_EACH = 10
const USAGE_EVENTS = 10_000

const statements = [
  `INSERT INTO users (email, name)
   SELECT 'person-' || n || '@example.com', 'Person ' || n FROM generate_series(1, ${USERS}) n`,
  `INSERT INTO plugins (id, name, display_name, source, version, tier, price, billing_period, author_id, description,
     features, limitations, categories, trial_period)
   SELECT 'plugin-' || n, 'plugin-' || n, 'Plugin ' || n, 'github:example/plugin-' || n, '1.' || n || '.0', 'pro', 100 * n,
     'monthly', (SELECT id FROM users WHERE email = 'person-' || (1 + n % ${USERS}) || '@example.com'),
     repeat('A plugin that does its work. ', 5), '["review", "deploy"]', '{"monthly_issues": 100, "concurrency": 5}',
     ARRAY['operations', 'testing'], 14
   FROM generate_series(1, ${PLUGINS}) n`,
  `INSERT INTO plugin_reviews (plugin_id, user_id, rating, comment)
   SELECT 'plugin-' || p, (SELECT id FROM users WHERE email = 'person-' || (1 + (p + r) % ${USERS}) || '@example.com'),
     1 + (p + r) % 5, repeat('It does what it says. ', 4)
   FROM generate_series(1, ${PLUGINS}) p, generate_series(1, ${REVIEWS_OF_EACH}) r`,
  `INSERT INTO usage_events (user_id, plugin_id, event_type, event_data)
   SELECT (SELECT id FROM users WHERE email = 'person-' || (1 + n % ${USERS}) || '@example.com'), 'plugin-' || (1 + n % ${PLUGINS}),
     'issue_processed', jsonb_build_object('issue', n, 'repository', 'example/repository')
   FROM generate_series(1, ${USAGE_EVENTS}) n`,
]

/** Ids that the workloads pick from. */
export interface Seeded {
  readonly pluginIds: readonly string[]
  readonly userIds: readonly string[]
  /** In their order. */
  readonly usageEventIds: readonly string[]
}

/** Fills the empty tables with the same rows each time. */
export async function seed(client: pg.Client): Promise<Seeded> {
  for (const statement of statements) await client.query(statement)
  await client.query('VACUUM ANALYZE')
  const ids = async (table: string): Promise<string[]> => {
    const { rows } = await client.query<{ id: string }>(`SELECT id FROM ${pg.escapeIdentifier(table)} ORDER BY id`)
    return rows.map(({ id }) => id)
  }
  return {
    pluginIds: await ids('plugins'),
    userIds: await ids('users'),
    usageEventIds: await ids('usage_events'),
  }
}
