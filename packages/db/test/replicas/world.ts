import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import path from 'node:path'
import { deploy, until } from '@miyabi/testing'
import { dataOf, postmasterOf, startReplicatedServers, startupOf } from '../../../../test/replicas/servers.js'
import { type CreateOptions, DatabaseContext } from '../../src/index.js'

const folder = path.resolve(import.meta.dirname, '../../../../prisma/migrations')
/** All that there are. */
export const migrations = readdirSync(folder)
  .filter((name) => /^\d/.test(name))
  .sort()
  .map((name) => ({ name, up: readFileSync(path.join(folder, name, 'migration.sql'), 'utf8') }))

/** A primary and its standbys, of a test file's own. */
export interface World extends AsyncDisposable {
  /** What leads to all of them. */
  readonly env: Readonly<Record<string, string>>
  readonly directDatabaseUrl: string
  /** Stops or goes on with the replay of a standby, by its one process that does it. From 1. */
  replay(replica: number, signal: 'SIGSTOP' | 'SIGCONT'): void
  /** Kills a standby; it is started again by itself. */
  kill(replica: number): void
  /** Makes a primary of it. */
  promote(replica: number): void
  /** Adds a line to its settings, and lets it read them. */
  configure(replica: number, line: string): void
  open(options?: Partial<CreateOptions> & { readonly env?: Record<string, string> }): Promise<DatabaseContext>
}

export async function startWorld(replicas: number): Promise<World> {
  const servers = await startReplicatedServers(replicas)
  const { databaseUrl, serviceDatabaseUrl, directDatabaseUrl, standbys, dynamodbEndpoint } = servers
  await deploy(directDatabaseUrl, migrations)
  const env = {
    DATABASE_URL: databaseUrl,
    SERVICE_DATABASE_URL: serviceDatabaseUrl,
    DATABASE_REPLICA_URLS: standbys.map((standby) => standby.databaseUrl).join(','),
    SERVICE_DATABASE_REPLICA_URLS: standbys.map((standby) => standby.serviceDatabaseUrl).join(','),
    DYNAMODB_ENDPOINT: dynamodbEndpoint,
    DB_MIN_CONNECTIONS: '1',
    DB_TOKEN_SECRET: 'a secret of the tests of 32 bytes or more',
    ...servers.env,
  }
  return {
    env,
    directDatabaseUrl,
    replay: (replica, signal) => process.kill(startupOf(servers, replica), signal),
    kill: (replica) => process.kill(postmasterOf(servers, replica), 'SIGKILL'),
    promote(replica) {
      writeFileSync(path.join(dataOf(servers, replica), 'promote'), '')
      process.kill(postmasterOf(servers, replica), 'SIGUSR1')
    },
    configure(replica, line) {
      appendFileSync(path.join(dataOf(servers, replica), 'postgresql.auto.conf'), `${line}\n`)
      process.kill(postmasterOf(servers, replica), 'SIGHUP')
    },
    open: ({ env: changes, ...options } = {}) => DatabaseContext.fromEnv({ ...options, env: { ...env, ...changes } }),
    [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose](),
  }
}

/** Resolves once all replicas of the application are well. */
export async function replicasUp(db: DatabaseContext): Promise<void> {
  await until(async () => {
    const { replicas = [] } = await db.healthCheck({ replicas: true })
    return replicas.length > 0 && replicas.every(({ problem }) => problem === undefined)
  })
}

/** What `me.replica` did since: of the application's login, in all of some contexts. */
export function readsOf(...contexts: readonly DatabaseContext[]): {
  readonly replica: number
  readonly primary: number
} {
  const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0)
  const all = contexts.flatMap((db) => db.stats().postgres.replicas ?? [])
  return {
    replica: sum(all.flatMap(({ replicas }) => replicas.map(({ reads }) => reads))),
    primary: sum(all.flatMap(({ toPrimary }) => Object.values(toPrimary))),
  }
}

/** A port that leads to a server, and to another one later: what a name does in a failover. */
export interface Switch extends AsyncDisposable {
  url(target: string): string
  /** To another port; undefined: nobody answers, and whoever is connected is cut. */
  lead(port: number | undefined): void
}

export async function startSwitch(first: number): Promise<Switch> {
  let target: number | undefined = first
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    if (target === undefined) return void socket.destroy()
    const inner = connect(target, '127.0.0.1')
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.once('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url(text) {
      const url = new URL(text)
      url.port = String(port)
      return url.href
    },
    lead(next) {
      target = next
      cut()
    },
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
