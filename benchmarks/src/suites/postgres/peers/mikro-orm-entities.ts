import { defineEntity, p } from '@mikro-orm/postgresql'
import type { NewLog } from '../model.js'

const id = () => p.uuid().primary().defaultRaw('time_ordered_id()')
const createdAt = () => p.datetime(3).defaultRaw('current_instant()')
const updatedAt = () => p.datetime(3).defaultRaw('current_instant()')

const User = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: {
    id: id(),
    email: p.text(),
    name: p.text().nullable(),
    stripeCustomerId: p.text().nullable(),
    role: p.text(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
})

export const Plugin = defineEntity({
  name: 'Plugin',
  tableName: 'plugins',
  properties: {
    id: p.text().primary(),
    name: p.text(),
    displayName: p.text(),
    source: p.text(),
    version: p.text(),
    tier: p.text(),
    price: p.integer(),
    currency: p.text(),
    billingPeriod: p.text().nullable(),
    author: () => p.manyToOne(User).nullable().serializedName('authorId'),
    description: p.text().nullable(),
    features: p.json<unknown>(),
    limitations: p.json<unknown>(),
    categories: p.array(),
    verified: p.boolean(),
    featured: p.boolean(),
    downloads: p.integer(),
    rating: p.decimal(),
    requiresPluginId: p.text().nullable(),
    trialPeriod: p.integer().nullable(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    reviews: () => p.oneToMany(PluginReview).mappedBy('plugin').orderBy({ id: 'asc' }),
  },
})

const PluginReview = defineEntity({
  name: 'PluginReview',
  tableName: 'plugin_reviews',
  properties: {
    id: id(),
    plugin: () => p.manyToOne(Plugin).serializedName('pluginId'),
    userId: p.uuid(),
    rating: p.integer(),
    comment: p.text().nullable(),
    createdAt: createdAt(),
  },
})

export const Log = defineEntity({
  name: 'Log',
  tableName: 'logs',
  properties: {
    id: id(),
    level: p.text().$type<NewLog['level']>(),
    message: p.text(),
    data: p.json<NewLog['data']>(),
    createdAt: createdAt(),
  },
})

export const UsageEvent = defineEntity({
  name: 'UsageEvent',
  tableName: 'usage_events',
  properties: {
    id: id(),
    userId: p.uuid(),
    pluginId: p.text(),
    eventType: p.text(),
    eventData: p.json<unknown>().nullable().defaultRaw('default'),
    quantity: p.integer().nullable(),
    meter: p.text().nullable(),
    agent: p.text().nullable(),
    createdAt: createdAt(),
  },
})

export const entities = [User, Plugin, PluginReview, Log, UsageEvent]
