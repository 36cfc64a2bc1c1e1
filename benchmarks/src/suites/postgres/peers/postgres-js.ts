import postgres from 'postgres'
import { sql } from '../sql.js'
import type { PostgresPeer } from './peer.js'

/** porsager's `postgres`, which prepares every statement and pipelines by itself. */
export function connectPostgresJs(databaseUrl: string, max: number): postgres.Sql {
  return postgres(databaseUrl, { max })
}

export function postgresJsPeer(name: string, client: postgres.Sql): PostgresPeer {
  const prepare = { prepare: true } as const
  return {
    name,
    findPlugin: async (id) => (await client.unsafe<object[]>(sql.findPlugin, [id], prepare))[0],
    findPluginWithRelations: async (id) =>
      (await client.unsafe<object[]>(sql.findPluginWithRelations, [id], prepare))[0],
    insertLog: async ({ level, message, data }) =>
      (await client.unsafe<object[]>(sql.insertLog, [level, message, client.json(data)], prepare))[0],
    async insertLogs(logs) {
      const rows = logs.map(({ level, message, data }) => ({ level, message, data: client.json(data) }))
      return (await client`INSERT INTO logs ${client(rows)}`).count
    },
    recordUsage: async ({ userId, pluginId }) => {
      const found = await client.begin(async (transaction) => {
        await transaction`INSERT INTO usage_events (user_id, plugin_id, event_type) VALUES (${userId}, ${pluginId}, 'command_used')`
        await transaction`UPDATE plugins SET downloads = downloads + 1 WHERE id = ${pluginId}`
        return transaction<object[]>`SELECT id, display_name AS "displayName" FROM plugins WHERE id = ${pluginId}`
      })
      return found[0]
    },
    pageOfUsage: async (afterId, limit) => [
      ...(await client.unsafe<object[]>(sql.pageOfUsage, [afterId, limit], prepare)),
    ],
  }
}
