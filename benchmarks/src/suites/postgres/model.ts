/** A row of `logs` to insert. */
export interface NewLog {
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly data: { readonly run: number; readonly step: string; readonly tags: readonly string[] }
}

/** What is recorded of a use of a plugin. */
export interface NewUsageEvent {
  readonly userId: string
  readonly pluginId: string
}

/** A column by the name that callers know it by. */
type Columns = Readonly<Record<string, string>>

/** Columns of the tables read, by the names that Prisma's models give them. */
export const columns = {
  plugin: {
    id: 'id',
    name: 'name',
    displayName: 'display_name',
    source: 'source',
    version: 'version',
    tier: 'tier',
    price: 'price',
    currency: 'currency',
    billingPeriod: 'billing_period',
    authorId: 'author_id',
    description: 'description',
    features: 'features',
    limitations: 'limitations',
    categories: 'categories',
    verified: 'verified',
    featured: 'featured',
    downloads: 'downloads',
    rating: 'rating',
    requiresPluginId: 'requires_plugin_id',
    trialPeriod: 'trial_period',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  user: {
    id: 'id',
    email: 'email',
    name: 'name',
    stripeCustomerId: 'stripe_customer_id',
    role: 'role',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  review: {
    id: 'id',
    pluginId: 'plugin_id',
    userId: 'user_id',
    rating: 'rating',
    comment: 'comment',
    createdAt: 'created_at',
  },
  log: { id: 'id', level: 'level', message: 'message', data: 'data', createdAt: 'created_at' },
  usageEvent: {
    id: 'id',
    userId: 'user_id',
    pluginId: 'plugin_id',
    eventType: 'event_type',
    eventData: 'event_data',
    quantity: 'quantity',
    meter: 'meter',
    agent: 'agent',
    createdAt: 'created_at',
  },
} as const satisfies Record<string, Columns>

/** `p.display_name AS "displayName", ...` */
export function selectList(names: Columns, table: string): string {
  return Object.entries(names)
    .map(([name, column]) => `${table}.${column} AS "${name}"`)
    .join(', ')
}
