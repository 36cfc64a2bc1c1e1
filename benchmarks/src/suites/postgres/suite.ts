import pg from 'pg'
import type { Suite } from '../../harness/workload.js'
import type { Servers } from '../../servers/servers.js'
import type { OpenOptions } from '../suite.js'
import { connectContestants } from './contestants.js'
import { poolWorkloads } from './pool-workloads.js'
import { queryWorkloads } from './query-workloads.js'
import { seed } from './seed.js'

/**
 * Seeds the migrated, empty database, and connects everybody as its owner: who may see what is measured by another
 * suite.
 */
export async function openPostgresSuite({ directDatabaseUrl }: Servers, { onLeftOut }: OpenOptions): Promise<Suite> {
  const admin = new pg.Client({ connectionString: directDatabaseUrl })
  await admin.connect()
  const contestants = await connectContestants(directDatabaseUrl, onLeftOut)
  const close = async (): Promise<void> => {
    await contestants[Symbol.asyncDispose]()
    await admin.end()
  }
  try {
    const seeded = await seed(admin)
    // So that the owner is not bound by policies, under which there is no COPY.
    for (const table of ['users', 'plugins', 'plugin_reviews', 'usage_events', 'logs'])
      await admin.query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`)
    const reset = {
      emptyLogs: async () => void (await admin.query('TRUNCATE logs')),
      removeUsage: async () => {
        await admin.query("DELETE FROM usage_events WHERE event_type = 'command_used'")
        await admin.query('VACUUM plugins, usage_events')
      },
    }
    return {
      workloads: [...poolWorkloads(contestants), ...queryWorkloads(contestants, seeded, reset)],
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
