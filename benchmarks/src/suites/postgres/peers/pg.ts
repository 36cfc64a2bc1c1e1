import type pg from 'pg'
import { sql } from '../sql.js'
import type { PostgresPeer } from './peer.js'

/** SQL by hand over a pool of `pg`, ours included, every statement prepared under a name. */
export function pgPeer(name: string, pool: pg.Pool): PostgresPeer {
  const named = (statement: keyof typeof sql, values: unknown[]): pg.QueryConfig => ({
    name: statement,
    text: sql[statement],
    values,
  })
  return {
    name,
    findPlugin: async (id) => (await pool.query<object>(named('findPlugin', [id]))).rows[0],
    findPluginWithRelations: async (id) => (await pool.query<object>(named('findPluginWithRelations', [id]))).rows[0],
    insertLog: async ({ level, message, data }) =>
      (await pool.query<object>(named('insertLog', [level, message, data]))).rows[0],
    async insertLogs(logs) {
      const values = [
        logs.map(({ level }) => level),
        logs.map(({ message }) => message),
        logs.map(({ data }) => JSON.stringify(data)),
      ]
      return (await pool.query(named('insertLogs', values))).rowCount ?? 0
    },
    async recordUsage({ userId, pluginId }) {
      const client = await pool.connect()
      let failure: Error | undefined
      try {
        await client.query('BEGIN')
        await client.query(named('insertUsage', [userId, pluginId]))
        await client.query(named('countDownload', [pluginId]))
        const { rows } = await client.query<object>(named('findDownloads', [pluginId]))
        await client.query('COMMIT')
        return rows[0]
      } catch (error) {
        failure = error as Error
        throw error
      } finally {
        client.release(failure)
      }
    },
    pageOfUsage: async (afterId, limit) => (await pool.query<object>(named('pageOfUsage', [afterId, limit]))).rows,
  }
}
