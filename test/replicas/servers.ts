import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { acquireStack } from '@miyabi/local'
import { startPgBouncer } from '../../packages/postgres/test/pgbouncer/pgbouncer.js'
import { startServersOfMajor } from './servers-of-major.js'

/** Where one server is, for the logins of an application. */
interface Urls {
  readonly databaseUrl: string
  readonly serviceDatabaseUrl: string
}

/** A primary and its standbys. */
export interface ReplicatedServers extends Urls, AsyncDisposable {
  /** Past any pooler. */
  readonly directDatabaseUrl: string
  readonly standbys: readonly Urls[]
  readonly dynamodbEndpoint: string
  /** Has the data of standby N in `replicas/N`. */
  readonly dataDir: string
  /** What the application has to be told besides. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * Those of an embedded stack, or of the major that the run names (`TEST_POSTGRES_MAJOR`, and `TEST_POSTGRES_NATIVE`
 * where its binaries lie): see `pnpm test:matrix`. Behind a PgBouncer each, if the run is behind one (`DB_POOLER`).
 */
export async function startReplicatedServers(replicas: number): Promise<ReplicatedServers> {
  const { TEST_POSTGRES_MAJOR: major, TEST_POSTGRES_NATIVE: native, DB_POOLER: pooler } = process.env
  const servers = major ? await startServersOfMajor(Number(major), native, replicas) : await embedded(replicas)
  return pooler ? behindPoolers(servers) : servers
}

async function embedded(replicas: number): Promise<ReplicatedServers> {
  const stack = await acquireStack({ temporary: true, replicas })
  const { postgres, dynamodb, dataDir } = stack.descriptor
  const { databaseUrl, serviceDatabaseUrl, directDatabaseUrl, replicas: standbys = [] } = postgres
  return {
    databaseUrl,
    serviceDatabaseUrl,
    directDatabaseUrl,
    standbys,
    dynamodbEndpoint: 'endpoint' in dynamodb ? dynamodb.endpoint : 'http://127.0.0.1:1',
    dataDir,
    env: {},
    [Symbol.asyncDispose]: () => stack.close(),
  }
}

async function behindPoolers(servers: ReplicatedServers): Promise<ReplicatedServers> {
  const closing: (() => Promise<void>)[] = []
  const pooled = async ({ databaseUrl, serviceDatabaseUrl }: Urls): Promise<Urls> => {
    const pooler = await startPgBouncer([databaseUrl, serviceDatabaseUrl])
    closing.push(() => pooler.close())
    const [application = '', service = ''] = pooler.urls
    return { databaseUrl: application, serviceDatabaseUrl: service }
  }
  return {
    ...servers,
    ...(await pooled(servers)),
    standbys: await Promise.all(servers.standbys.map(pooled)),
    env: { ...servers.env, DB_POOLER: 'transaction' },
    async [Symbol.asyncDispose]() {
      await Promise.all(closing.map((close) => close()))
      await servers[Symbol.asyncDispose]()
    },
  }
}

export const dataOf = ({ dataDir }: ReplicatedServers, replica: number): string =>
  path.join(dataDir, 'replicas', String(replica))

export const postmasterOf = (servers: ReplicatedServers, replica: number): number =>
  Number(readFileSync(path.join(dataOf(servers, replica), 'postmaster.pid'), 'utf8').split('\n')[0])

/** The one process of a standby that replays the log. */
export function startupOf(servers: ReplicatedServers, replica: number): number {
  const postmaster = String(postmasterOf(servers, replica))
  for (const line of execFileSync('ps', ['-axo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n')) {
    const [pid, parent, ...args] = line.trim().split(/\s+/)
    if (parent === postmaster && args.includes('startup')) return Number(pid)
  }
  throw new Error(`replica ${replica} has no process that replays`)
}
