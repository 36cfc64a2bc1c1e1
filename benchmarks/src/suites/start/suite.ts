import pg from 'pg'
import type { Suite } from '../../harness/workload.js'
import type { Servers } from '../../servers/servers.js'
import { seed } from '../postgres/seed.js'
import { importWorkload } from './import-workload.js'
import { programWorkloads } from './program-workloads.js'
import { databaseWorkload, stackWorkloads, warmFolder } from './stack-workloads.js'

export async function openStartSuite(servers: Servers): Promise<Suite> {
  const seeding = new pg.Client({ connectionString: servers.directDatabaseUrl })
  await seeding.connect()
  const { userIds } = await seed(seeding).finally(() => seeding.end())

  // A database is only copied while nobody is connected to it.
  const elsewhere = new URL(servers.directDatabaseUrl)
  elsewhere.pathname = '/postgres'
  const admin = new pg.Client({ connectionString: elsewhere.href })
  await admin.connect()
  const folder = await warmFolder()
  const imports = importWorkload()
  return {
    workloads: [
      ...stackWorkloads(folder.folder),
      databaseWorkload(admin, servers),
      imports.workload,
      ...programWorkloads(servers, userIds[0] ?? ''),
    ],
    async [Symbol.asyncDispose]() {
      await imports[Symbol.asyncDispose]()
      await admin.end()
      await folder[Symbol.asyncDispose]()
    },
  }
}
