import type { Table } from '../schema/rows.js'

/**
 * Who may do what: the meaning of the policies and grants, to be read and signed by people. The matrix test tries every
 * statement against it, and docs/reference/who-can-do-what.md is made from it.
 *
 * A verb that is absent is refused aloud ("permission denied"). `[]` is a verb that the role has for the sake of
 * admins: it reaches no row. Kinds of row are seen from whoever asks: `own`, `other` (somebody else's) and `nobody's`,
 * with a state where that matters.
 */
export interface TableAccess {
  /** What is meant, in a sentence. */
  readonly meaning: string
  /** Columns that people may give a new row, and change. All others are refused. */
  readonly insertColumns?: readonly string[]
  readonly updateColumns?: readonly string[]
  /** Of the columns that may be changed, those to which only admins give a value. */
  readonly adminColumns?: readonly string[]
  readonly user?: Reach
  /** A user whose row says `admin`. They have the columns of a user. */
  readonly admin?: Reach
  readonly webUser?: Reach
  /** What the service may not do. Everything else it may do with every row and column, as may the migrator. */
  readonly serviceLacks?: readonly Verb[]
}

export type Verb = 'select' | 'insert' | 'update' | 'delete'

/** The kinds of row that a verb reaches. For `insert`, those that may be made. */
export type Reach = Readonly<Partial<Record<Verb, readonly Kind[]>>>

export type Whose = 'own' | 'other' | "nobody's"
/** Whose it is, and its state. */
export type Kind = Whose | `${Whose}, ${string}`

const everybody = ['own', 'other'] as const

/** Written by the service, read by the person and by admins. */
const readOnly = { user: { select: ['own'] }, admin: { select: everybody } } as const

export const access: Readonly<Record<Table, TableAccess>> = {
  users: {
    meaning:
      'Users see themselves and change their e-mail address and name. They cannot change their role, which would make them an admin. Admins see and delete everybody.',
    updateColumns: ['email', 'name'],
    user: { select: ['own'], update: ['own'], delete: [] },
    admin: { select: everybody, update: ['own'], delete: everybody },
  },
  plugins: {
    meaning:
      'The catalog: users and web users read it. Authors change the description and terms, but not the source, which was reviewed, the columns of the marketplace (verified, featured, downloads, rating), or the author. Admins delete.',
    updateColumns: [
      'name',
      'display_name',
      'version',
      'tier',
      'price',
      'currency',
      'billing_period',
      'description',
      'features',
      'limitations',
      'categories',
      'requires_plugin_id',
      'trial_period',
    ],
    user: { select: ['own', 'other', "nobody's"], update: ['own'], delete: [] },
    admin: { select: ['own', 'other', "nobody's"], update: ['own'], delete: ['own', 'other', "nobody's"] },
    webUser: { select: ['other', "nobody's"] },
  },
  plugin_submissions: {
    meaning:
      'Users submit, and change a submission until its review has begun; they can withdraw it until it is decided. Admins decide.',
    insertColumns: ['id', 'user_id', 'plugin_data', 'status'],
    updateColumns: ['plugin_data', 'quality_score', 'security_scan', 'status', 'review_notes', 'reviewed_at'],
    adminColumns: ['quality_score', 'security_scan', 'status', 'review_notes', 'reviewed_at'],
    user: {
      select: ['own', 'own, scanned', 'own, decided'],
      insert: ['own'],
      update: ['own'],
      delete: ['own', 'own, scanned'],
    },
    admin: {
      select: ['own', 'own, scanned', 'own, decided', 'other', 'other, scanned', 'other, decided'],
      insert: ['own'],
      update: ['own', 'own, scanned', 'own, decided', 'other', 'other, scanned', 'other, decided'],
      delete: ['own', 'own, scanned', 'own, decided', 'other', 'other, scanned', 'other, decided'],
    },
  },
  plugin_reviews: {
    meaning: 'Users and web users read them. Users write, change and delete their own. Admins delete any.',
    insertColumns: ['id', 'plugin_id', 'user_id', 'rating', 'comment'],
    updateColumns: ['rating', 'comment'],
    user: { select: everybody, insert: ['own'], update: ['own'], delete: ['own'] },
    admin: { select: everybody, insert: ['own'], update: ['own'], delete: everybody },
    webUser: { select: ['other'] },
  },
  subscriptions: {
    meaning:
      'Users see their own, cancel them and revoke the cancellation. Only the payment provider, through the service, sets what was bought, until when and for how much.',
    updateColumns: ['cancel_at_period_end'],
    user: { select: ['own'], update: ['own'] },
    admin: { select: everybody, update: ['own'] },
  },
  licenses: {
    meaning: 'Users read their own. Admins read and revoke any. Nobody deletes one, not even the service.',
    updateColumns: ['revoked', 'revoked_at'],
    user: { select: ['own'], update: [] },
    admin: { select: everybody, update: everybody },
    serviceLacks: ['delete'],
  },
  trials: { meaning: 'Users read their own, admins all.', ...readOnly },
  revoked_licenses: {
    meaning:
      'Complete license keys: admins list, add and remove them. Everybody else calls license_is_revoked with a key.',
    insertColumns: ['id', 'license_key', 'reason'],
    user: { select: [], insert: [], delete: [] },
    admin: { select: ["nobody's"], insert: ["nobody's"], delete: ["nobody's"] },
  },
  usage_events: { meaning: 'Users read their own, admins all.', ...readOnly },
  usage_aggregates: {
    meaning:
      'Users read their own, admins all. Users count with increment_usage and increment_agent_execution, for themselves only.',
    ...readOnly,
  },
  web_users: {
    meaning:
      'Web users see themselves and change their e-mail address and picture. Only the service writes their GitHub and LINE accounts, which those have to prove.',
    updateColumns: ['email', 'avatar_url'],
    webUser: { select: ['own'], update: ['own'] },
  },
  repositories: {
    meaning: 'Web users connect, change and disconnect their own.',
    insertColumns: ['id', 'user_id', 'github_repo_id', 'owner', 'name', 'full_name', 'default_branch', 'is_active'],
    updateColumns: ['owner', 'name', 'full_name', 'default_branch', 'is_active'],
    webUser: { select: ['own'], insert: ['own'], update: ['own'], delete: ['own'] },
  },
  workflows: {
    meaning: 'Web users read, write and delete their own, on their own repositories. All web users read public ones.',
    insertColumns: ['id', 'user_id', 'repository_id', 'name', 'description', 'definition', 'is_template', 'is_public'],
    updateColumns: ['name', 'description', 'definition', 'is_template', 'is_public'],
    webUser: {
      select: ['own', 'own, public', 'other, public'],
      insert: ['own', 'own, public'],
      update: ['own', 'own, public'],
      delete: ['own', 'own, public'],
    },
  },
  line_messages: {
    meaning:
      'Web users see their own, annotate and delete them, and write as the LINE account that is linked to them. Ids contain the time, so the server generates them.',
    insertColumns: ['user_id', 'line_user_id', 'message_type', 'message_text', 'parsed_intent', 'issue_number'],
    updateColumns: ['parsed_intent', 'issue_number'],
    webUser: { select: ['own'], insert: ['own'], update: ['own'], delete: ['own'] },
  },
  websocket_connections: {
    meaning: 'Web users open, keep alive and close their own.',
    insertColumns: ['id', 'user_id', 'connection_id', 'connected_at', 'last_ping_at'],
    updateColumns: ['last_ping_at'],
    webUser: { select: ['own'], insert: ['own'], update: ['own'], delete: ['own'] },
  },
  agent_executions: {
    meaning: 'Web users start, follow and delete their own, on their own repositories.',
    insertColumns: [
      'id',
      'user_id',
      'repository_id',
      'agent_type',
      'issue_number',
      'status',
      'started_at',
      'completed_at',
      'error_message',
      'result',
      'options',
    ],
    updateColumns: ['issue_number', 'status', 'started_at', 'completed_at', 'error_message', 'result', 'options'],
    webUser: { select: ['own'], insert: ['own'], update: ['own'], delete: ['own'] },
  },
  execution_logs: {
    meaning:
      'Web users write, read and delete the lines of their own executions. Only the service updates one. Ids contain the time, so the server generates them.',
    insertColumns: ['execution_id', 'log_level', 'message', 'timestamp', 'metadata'],
    webUser: { select: ['own'], insert: ['own'], delete: ['own'] },
  },
  logs: {
    meaning: "The application's log; admins read it.",
    user: { select: [] },
    admin: { select: ["nobody's"] },
  },
}

/**
 * What becomes of a call: it works, the function may not be called at all, a policy refuses, or it finds nothing to
 * work on.
 */
export type CallOutcome = 'works' | 'denied' | 'refused' | 'no plugin'

export interface CallAccess {
  readonly meaning: string
  /** The call, as it stands in a SELECT. `{own}` is the caller's id, `{other}` somebody else's. */
  readonly call: string
  readonly user: CallOutcome
  readonly webUser: CallOutcome
  /** A user with an id that nobody has. */
  readonly stranger: CallOutcome
  readonly service: CallOutcome
}

/** Functions that do what their caller could not. An admin calls as a user; the migrator may call them all. */
export const calls: readonly CallAccess[] = [
  {
    meaning: "count one's own usage",
    call: "increment_usage('{own}', 'catalog', '2026-01', 'tokens', 5)",
    user: 'works',
    webUser: 'denied',
    stranger: 'refused',
    service: 'works',
  },
  {
    meaning: "count another user's usage",
    call: "increment_usage('{other}', 'catalog', '2026-01', 'tokens', 5)",
    user: 'refused',
    webUser: 'denied',
    stranger: 'refused',
    service: 'works',
  },
  {
    meaning: "count one's own agent execution",
    call: "increment_agent_execution('{own}', 'catalog', '2026-01', 'CodeGen')",
    user: 'works',
    webUser: 'denied',
    stranger: 'refused',
    service: 'works',
  },
  {
    meaning: "count another user's agent execution",
    call: "increment_agent_execution('{other}', 'catalog', '2026-01', 'CodeGen')",
    user: 'refused',
    webUser: 'denied',
    stranger: 'refused',
    service: 'works',
  },
  {
    meaning: 'count a download',
    call: "increment_downloads('catalog')",
    user: 'denied',
    webUser: 'denied',
    stranger: 'denied',
    service: 'works',
  },
  {
    meaning: 'recompute a rating (a review does so automatically)',
    call: "update_plugin_rating('catalog')",
    user: 'denied',
    webUser: 'denied',
    stranger: 'denied',
    service: 'works',
  },
  {
    meaning: 'check whether a license key was revoked',
    call: "license_is_revoked('some key')",
    user: 'works',
    webUser: 'works',
    stranger: 'works',
    service: 'works',
  },
]
