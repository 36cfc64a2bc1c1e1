import pg from 'pg'
import type { Suite } from '../../harness/workload.js'
import type { Servers } from '../../servers/servers.js'
import { seed } from '../postgres/seed.js'
import { importWorkload } from './import-workload.js'
import { programWorkloads } from './program-workloads.js'
import { stackWorkloads, warmFolder } from './stack-workloads.js'
import { beTestRun, testDatabaseWorkload } from './test-database-workload.js'

export async function openStartSuite(servers: Servers): Promise<Suite> {
  const elsewhere = new URL(servers.directDatabaseUrl)
  elsewhere.pathname = '/postgres'
  const admin = new pg.Client({ connectionString: elsewhere.href })
  await admin.connect()
  const endTestRun = await beTestRun(admin, servers)

  const seeding = new pg.Client({ connectionString: servers.directDatabaseUrl })
  await seeding.connect()
  const { userIds } = await seed(seeding).finally(() => seeding.end())
  const folder = await warmFolder()
  const imports = importWorkload()
  return {
    workloads: [
      ...stackWorkloads(folder.folder),
      testDatabaseWorkload(admin, servers),
      imports.workload,
      ...programWorkloads(servers, userIds[0] ?? ''),
    ],
    async [Symbol.asyncDispose]() {
      endTestRun()
      await imports[Symbol.asyncDispose]()
      await admin.end()
      await folder[Symbol.asyncDispose]()
    },
  }
}
