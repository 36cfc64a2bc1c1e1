import { MikroORM, raw, wrap } from '@mikro-orm/postgresql'
import { entities, Log, Plugin, UsageEvent } from './mikro-orm-entities.js'
import type { PostgresPeer } from './peer.js'

/**
 * MikroORM as its documentation sets it up: an entity manager forked for each piece of work, and what it gives are
 * entities.
 */
export function mikroOrmPeer(
  name: string,
  clientUrl: string,
  max: number,
): { readonly peer: PostgresPeer; close(): Promise<void> } {
  const orm = new MikroORM({ entities, clientUrl, pool: { min: 0, max }, discovery: { warnWhenNoEntities: false } })
  const fork = () => orm.em.fork()
  return {
    close: () => orm.close(true),
    peer: {
      name,
      findPlugin: (id) => fork().findOne(Plugin, id),
      async findPluginWithRelations(id) {
        const plugin = await fork().findOne(Plugin, id, { populate: ['author', 'reviews'] })
        return plugin && { toJSON: () => withForeignKeys(wrap(plugin).toObject()) }
      },
      async insertLog(row) {
        const em = fork()
        const log = em.create(Log, { ...row })
        await em.flush()
        return log
      },
      async insertLogs(rows) {
        await fork().insertMany(Log, [...rows]) // answers with the first key alone
        return rows.length
      },
      recordUsage: ({ userId, pluginId }) =>
        fork().transactional(async (em) => {
          em.create(UsageEvent, { userId, pluginId, eventType: 'command_used' })
          await em.flush()
          await em.nativeUpdate(Plugin, { id: pluginId }, { downloads: raw<number>('downloads + 1') })
          return em.findOne(Plugin, pluginId, { fields: ['id', 'displayName'] })
        }),
      pageOfUsage: (afterId, limit) =>
        fork().find(UsageEvent, { id: { $gt: afterId } }, { orderBy: { id: 'asc' }, limit }),
    },
  }
}

/** As the others give it, the author and its key: when results are compared, not while they are timed. */
function withForeignKeys(plugin: object): object {
  const { authorId: author, ...own } = plugin as { readonly authorId?: { readonly id: string } | null }
  return { ...own, author, authorId: author?.id ?? null }
}
