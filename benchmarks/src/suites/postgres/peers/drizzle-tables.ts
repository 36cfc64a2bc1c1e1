import { relations, sql } from 'drizzle-orm'
import { boolean, integer, jsonb, numeric, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'

const instant = (name: string) => timestamp(name, { precision: 3, withTimezone: true })
const id = () => uuid('id').primaryKey().default(sql`time_ordered_id()`)
const createdAt = () => instant('created_at').notNull().default(sql`current_instant()`)
const updatedAt = () => instant('updated_at').notNull().default(sql`current_instant()`)

const users = pgTable('users', {
  id: id(),
  email: text('email').notNull(),
  name: text('name'),
  stripeCustomerId: text('stripe_customer_id'),
  role: text('role').notNull(),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
})

export const plugins = pgTable('plugins', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  displayName: text('display_name').notNull(),
  source: text('source').notNull(),
  version: text('version').notNull(),
  tier: text('tier').notNull(),
  price: integer('price').notNull(),
  currency: text('currency').notNull(),
  billingPeriod: text('billing_period'),
  authorId: uuid('author_id'),
  description: text('description'),
  features: jsonb('features').notNull(),
  limitations: jsonb('limitations').notNull(),
  categories: text('categories').array().notNull(),
  verified: boolean('verified').notNull(),
  featured: boolean('featured').notNull(),
  downloads: integer('downloads').notNull(),
  rating: numeric('rating', { precision: 3, scale: 2 }).notNull(),
  requiresPluginId: text('requires_plugin_id'),
  trialPeriod: integer('trial_period'),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
})

const pluginReviews = pgTable('plugin_reviews', {
  id: id(),
  pluginId: text('plugin_id').notNull(),
  userId: uuid('user_id').notNull(),
  rating: integer('rating').notNull(),
  comment: text('comment'),
  createdAt: createdAt(),
})

export const logs = pgTable('logs', {
  id: id(),
  level: text('level').$type<'info' | 'warn' | 'error'>().notNull(),
  message: text('message').notNull(),
  data: jsonb('data').$type<{ run: number; step: string; tags: readonly string[] }>().notNull(),
  createdAt: createdAt(),
})

export const usageEvents = pgTable('usage_events', {
  id: id(),
  userId: uuid('user_id').notNull(),
  pluginId: text('plugin_id').notNull(),
  eventType: text('event_type').notNull(),
  eventData: jsonb('event_data'),
  quantity: integer('quantity'),
  meter: text('meter'),
  agent: text('agent'),
  createdAt: createdAt(),
})

const pluginRelations = relations(plugins, ({ one, many }) => ({
  author: one(users, { fields: [plugins.authorId], references: [users.id] }),
  reviews: many(pluginReviews),
}))

const reviewRelations = relations(pluginReviews, ({ one }) => ({
  plugin: one(plugins, { fields: [pluginReviews.pluginId], references: [plugins.id] }),
}))

/** What `db.query` knows. */
export const schema = { users, plugins, pluginReviews, logs, usageEvents, pluginRelations, reviewRelations }
