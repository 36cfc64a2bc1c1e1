import { asc, eq, gt, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import { logs, plugins, schema, usageEvents } from './drizzle-tables.js'
import type { PostgresPeer } from './peer.js'

/**
 * Drizzle over `pg`, with its prepared queries wherever it has them: built without them it takes two to four times as
 * long.
 */
export function drizzlePeer(name: string, pool: pg.Pool): PostgresPeer {
  const db = drizzle(pool, { schema })
  const id = sql.placeholder('id')
  const findPlugin = db.select().from(plugins).where(eq(plugins.id, id)).prepare('drizzle_find')
  const findWithRelations = db.query.plugins
    .findFirst({
      where: eq(plugins.id, id),
      with: { author: true, reviews: { orderBy: (review) => asc(review.id) } },
    })
    .prepare('drizzle_find_with_relations')
  const insertLog = db
    .insert(logs)
    .values({ level: sql.placeholder('level'), message: sql.placeholder('message'), data: sql.placeholder('data') })
    .returning()
    .prepare('drizzle_insert')
  const page = db
    .select()
    .from(usageEvents)
    .where(gt(usageEvents.id, id))
    .orderBy(asc(usageEvents.id))
    .limit(sql.placeholder('limit'))
    .prepare('drizzle_page')
  return {
    name,
    findPlugin: async (id) => (await findPlugin.execute({ id }))[0],
    findPluginWithRelations: (id) => findWithRelations.execute({ id }),
    insertLog: async (log) => (await insertLog.execute({ ...log }))[0],
    insertLogs: async (rows) => (await db.insert(logs).values([...rows])).rowCount ?? 0,
    recordUsage: ({ userId, pluginId }) =>
      db.transaction(async (transaction) => {
        await transaction.insert(usageEvents).values({ userId, pluginId, eventType: 'command_used' })
        await transaction
          .update(plugins)
          .set({ downloads: sql`${plugins.downloads} + 1` })
          .where(eq(plugins.id, pluginId))
        const found = await transaction
          .select({ id: plugins.id, displayName: plugins.displayName })
          .from(plugins)
          .where(eq(plugins.id, pluginId))
        return found[0]
      }),
    pageOfUsage: (id, limit) => page.execute({ id, limit }),
  }
}
