// Longer than others: one entry for each table, in the order in which they are erased.
import { EXECUTIONS, effectsOf, ID, isName, LICENSE_KEYS, REPOSITORIES, recordsOf, speaksOf } from './conditions.js'

/** Which rows of a table are a person's: a condition in SQL, for each role that it can hold. */
interface Found {
  readonly user?: string
  readonly webUser?: string
  /** The type of its column `id`, or of the column used instead: rows are read in its order. Default `id uuid`. */
  readonly key?: readonly [column: string, type: string]
}

/** What happens to a person's rows in a table. All of them are exported. */
export type Place =
  | (Found & { readonly action: 'delete' })
  /**
   * They stay without the person: `set` gives the new value of each column, `kept` why the others do not identify the
   * person.
   */
  | (Found & {
      readonly action: 'anonymize'
      readonly set: Readonly<Record<string, string>>
      readonly kept: Readonly<Record<string, string>>
    })
  /** It holds no personal data. */
  | { readonly action: 'keep'; readonly why: string; readonly columns: readonly string[] }

const kept = (why: string, ...columns: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(columns.map((column) => [column, why]))

const SOLD = 'sales records, which accounting has to keep'
const HEIR = '(SELECT heir FROM person)'
const PUBLISHED = 'published: users who have the plugin keep it'

/**
 * Every table and what an erasure does with it. A table or a column that is missing here fails a test: whoever adds one
 * must decide. Effects and dead letters come first, while the data they refer to can still be found.
 */
export const places = {
  outbox: { action: 'delete', user: effectsOf('user'), webUser: effectsOf('web_user'), key: ['position', 'bigint'] },
  outbox_dead: {
    action: 'delete',
    user: effectsOf('user'),
    webUser: effectsOf('web_user'),
    key: ['position', 'bigint'],
  },
  stream_dead: { action: 'delete', user: recordsOf('user'), webUser: recordsOf('web_user') },
  logs: {
    action: 'delete',
    user: `${speaksOf('message')} OR ${speaksOf("coalesce(data::text, '')")}`,
    webUser: `${speaksOf('message')} OR ${speaksOf("coalesce(data::text, '')")}`,
  },
  commit_marks: {
    action: 'anonymize',
    user: `actor_kind = 'user' AND actor = ${ID}`,
    webUser: `actor_kind = 'web_user' AND actor = ${ID}`,
    set: { actor_kind: "'service'", actor: 'NULL' },
    kept: kept(
      'used for an hour to determine the outcome of a COMMIT whose response was lost',
      'id',
      'given_up',
      'created_at',
      'transaction_id',
      'purge_after',
    ),
  },

  plugin_reviews: { action: 'delete', user: `user_id = ${ID}` },
  plugin_submissions: { action: 'delete', user: `user_id = ${ID}` },
  // The hash of each key replaces it.
  revoked_licenses: { action: 'delete', user: `license_key IN ${LICENSE_KEYS}` },
  trials: { action: 'delete', user: `user_id = ${ID}` },
  licenses: {
    action: 'anonymize',
    user: `user_id = ${ID}`,
    set: {
      user_id: HEIR,
      license_key: "'erased:' || id",
      revoked: 'true',
      revoked_at: 'coalesce(revoked_at, current_instant())',
    },
    kept: kept(SOLD, 'id', 'plugin_id', 'tier', 'features', 'limitations', 'issued_at', 'expires_at', 'created_at'),
  },
  subscriptions: {
    action: 'anonymize',
    user: `user_id = ${ID}`,
    set: {
      user_id: HEIR,
      stripe_subscription_id: 'NULL',
      stripe_customer_id: 'NULL',
      license_key: "'erased:' || id",
      status: "'canceled'",
    },
    kept: kept(
      SOLD,
      'id',
      'plugin_id',
      'tier',
      'current_period_start',
      'current_period_end',
      'trial_ends_at',
      'cancel_at_period_end',
      'created_at',
      'updated_at',
    ),
  },
  usage_events: {
    action: 'anonymize',
    user: `user_id = ${ID}`,
    set: { user_id: HEIR, event_data: 'NULL' },
    kept: kept(
      'counted usage: the sums in usage_aggregates are checked against it',
      'id',
      'plugin_id',
      'event_type',
      'quantity',
      'meter',
      'agent',
      'created_at',
    ),
  },
  usage_aggregates: {
    action: 'anonymize',
    user: `user_id = ${ID}`,
    set: { user_id: HEIR },
    kept: kept(
      'billed sums',
      'id',
      'plugin_id',
      'period',
      'issues',
      'tokens',
      'agent_executions',
      'created_at',
      'updated_at',
    ),
  },
  plugins: {
    action: 'anonymize',
    user: `author_id = ${ID}`,
    key: ['id', 'text'],
    set: { author_id: 'NULL' },
    kept: kept(
      PUBLISHED,
      'id',
      'name',
      'display_name',
      'source',
      'version',
      'tier',
      'price',
      'currency',
      'billing_period',
      'description',
      'features',
      'limitations',
      'categories',
      'verified',
      'featured',
      'downloads',
      'rating',
      'requires_plugin_id',
      'trial_period',
      'created_at',
      'updated_at',
    ),
  },
  users: { action: 'delete', user: `id = ${ID}` },

  // For web users. Rows that refer to another row are deleted before it.
  execution_logs: { action: 'delete', webUser: `execution_id IN ${EXECUTIONS}` },
  agent_executions: { action: 'delete', webUser: `user_id = ${ID} OR repository_id IN ${REPOSITORIES}` },
  workflows: { action: 'delete', webUser: `user_id = ${ID} OR repository_id IN ${REPOSITORIES}` },
  line_messages: { action: 'delete', webUser: `user_id = ${ID} OR user_id IS NULL AND ${isName('line_user_id')}` },
  websocket_connections: { action: 'delete', webUser: `user_id = ${ID}` },
  repositories: { action: 'delete', webUser: `user_id = ${ID}` },
  web_users: { action: 'delete', webUser: `id = ${ID}` },

  outbox_partitions: {
    action: 'keep',
    why: 'processes at work',
    columns: ['partition', 'holder', 'fence', 'held_until'],
  },
  outbox_topics: { action: 'keep', why: 'names of effects', columns: ['topic', 'opened_to', 'updated_at'] },
  stream_shards: {
    action: 'keep',
    why: 'stream positions, and processes that read there',
    columns: [
      'consumer',
      'stream',
      'shard',
      'parent',
      'generation',
      'state',
      'gap',
      'sequence',
      'record_at',
      'since',
      'holder',
      'fence',
      'held_until',
      'listed_at',
    ],
  },
  erasures: { action: 'keep', why: 'hashes, for restores', columns: ['mark', 'at'] },
  restores: {
    action: 'keep',
    why: 'backups and counts',
    columns: [
      'id',
      'backup_id',
      'cut',
      'restored_at',
      'resumed_at',
      'row_count',
      'item_count',
      'outbox_until',
      'erasures',
    ],
  },
  backup_drills: {
    action: 'keep',
    why: 'backups, counts, and names of tables',
    columns: ['id', 'at', 'backup_id', 'cut', 'equal', 'differences', 'loss_ms', 'duration_ms'],
  },
} as const satisfies Readonly<Record<string, Place>>
