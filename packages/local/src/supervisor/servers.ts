import { chownSync, existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { type StackDescriptor, startMark } from '@miyabi/core'
import { cacheFolder } from '../shared/cache.js'
import { resolveDataPlace } from './data-place.js'
import { type DynamodbBinary, resolveDynamodb } from './dynamodb/binary.js'
import { databaseFile, launchDynamodb } from './dynamodb/launch.js'
import { prepareStreams } from './dynamodb/prepared-file.js'
import { LogFile } from './log-file.js'
import { type Announce, ManagedServer } from './managed-server.js'
import { endOrphans } from './orphans.js'
import { HOST, type Ports, readPorts, unguessableHost, writePorts } from './ports.js'
import { resolvePostgres } from './postgres/binaries.js'
import { openDataFolder } from './postgres/data-folder.js'
import { launchPostgres } from './postgres/launch.js'
import { APPLICATION, BACKEND, DATABASE, MIGRATOR } from './postgres/roles.js'
import { makeSpare } from './postgres/spare.js'
import { forgetStandbys } from './postgres/standby.js'
import type { RunAs } from './run-as.js'
import { Standbys } from './standbys.js'

export interface ServersOptions {
  readonly folder: string
  readonly temporary: boolean
  /** Whether a database created now has amcheck. */
  readonly amcheck: boolean
  readonly announce: Announce
  /** Called when a server runs in a different process than before. */
  readonly onRestart: () => void
}

function url(login: string, password: string, port: number): string {
  return `postgresql://${login}:${password}@${HOST}:${port}/${DATABASE}`
}

function makeDynamodbFolder(dataDir: string, runAs: RunAs | undefined): void {
  const folder = path.dirname(databaseFile(dataDir))
  if (existsSync(folder)) return
  mkdirSync(folder, { mode: 0o700 })
  if (runAs) chownSync(folder, runAs.uid, runAs.gid)
}

const SLOW_STREAMS =
  'The DynamoDB data of this folder was created without indexes for streams, so writes to a table with a stream get slower as it ' +
  'grows. Start the stack once with Node 22.13 or later, which adds them, or remove the folder to start over.'

/** Both servers of a stack: started together, stopped together. */
export class Servers {
  #managed: ManagedServer[] = []
  #logs: LogFile[] = []
  /** Creates the spare for the next new stack, if this one took it. */
  #makeSpare: (() => Promise<void>) | undefined
  #spare: Promise<void> | undefined
  #standbys: Standbys | undefined

  /** Starts both, from whatever state the last run left. When one cannot start, the other is stopped again. */
  async start(options: ServersOptions): Promise<StackDescriptor> {
    const startedAt = new Date().toISOString()
    try {
      const { folder } = options
      const cache = cacheFolder()
      const place = await resolveDataPlace(folder, cache)
      await endOrphans(place.dataDir)
      await forgetStandbys(place.dataDir)
      const before = readPorts(folder)
      let onLaunched = (): void => {}
      const postgresLaunched = new Promise<void>((resolve) => {
        onLaunched = resolve
      })
      // Both settle before anything is undone: a server that starts late must not be overlooked. PostgreSQL takes
      // longer, so nothing delays its process.
      const [postgres, dynamodb] = await Promise.allSettled([
        this.#startPostgres(options, cache, place, before.postgres, onLaunched).finally(onLaunched),
        postgresLaunched.then(() => this.#startDynamodb(options, cache, place, before)),
      ])
      if (postgres.status === 'rejected') throw postgres.reason
      if (dynamodb.status === 'rejected') throw dynamodb.reason
      writePorts(folder, { ...before, ...ports(postgres.value, dynamodb.value) })
      return {
        pid: process.pid,
        started: startMark(process.pid),
        folder,
        dataDir: place.dataDir,
        temporary: options.temporary,
        startedAt,
        postgres: postgres.value,
        dynamodb: dynamodb.value,
      }
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** A descriptor with the current processes. */
  withProcesses(descriptor: StackDescriptor): StackDescriptor {
    const pidOf = (name: string): number | undefined => this.#managed.find((server) => server.name === name)?.pid
    const {
      postgres: { replicas: _, ...postgres },
      dynamodb,
    } = descriptor
    return {
      ...descriptor,
      postgres: { ...postgres, pid: pidOf('postgres'), ...replicasOf(this.#standbys) },
      dynamodb: 'port' in dynamodb ? { ...dynamodb, pid: pidOf('dynamodb') } : dynamodb,
    }
  }

  /** Prepares the spare for the next new stack on this machine. */
  prepareNext(): void {
    this.#spare ??= this.#makeSpare?.().catch((error: unknown) => console.error(error))
  }

  /**
   * Sets the number of standbys, on their previous ports if those are free.
   * @throws {Failure} if one cannot be created.
   */
  async haveReplicas(folder: string, count: number): Promise<void> {
    const { replicas: before } = readPorts(folder)
    try {
      await this.#standbys?.have(count, before)
    } finally {
      writePorts(folder, { ...readPorts(folder), replicas: (this.#standbys?.replicas ?? []).map(({ port }) => port) })
    }
  }

  async stop(): Promise<void> {
    await this.#standbys?.stop()
    await Promise.all(this.#managed.map((server) => server.stop()))
    await this.#spare
    for (const log of this.#logs.splice(0)) log.close()
  }

  #log(folder: string, name: string): LogFile {
    const log = new LogFile(path.join(folder, name))
    this.#logs.push(log)
    return log
  }

  #manage(server: ManagedServer): ManagedServer {
    this.#managed.push(server)
    return server
  }

  async #startPostgres(
    { folder, temporary, amcheck, announce, onRestart }: ServersOptions,
    cache: string,
    { dataDir, runAs }: { readonly dataDir: string; readonly runAs: RunAs | undefined },
    preferredPort: number | undefined,
    onLaunched: () => void,
  ): Promise<StackDescriptor['postgres']> {
    const binaries = await resolvePostgres(cache, runAs)
    const data = await openDataFolder({ dataDir, cache, binaries, runAs, durable: !temporary, amcheck })
    const { prepared } = data
    if (prepared) this.#makeSpare = () => makeSpare(prepared, binaries, runAs)
    const log = this.#log(folder, 'postgres.log')
    const launch = (port: number) => {
      const launched = launchPostgres(port, { binaries, dataFolder: data.path, runAs, log, durable: !temporary })
      onLaunched()
      return launched
    }
    const server = this.#manage(new ManagedServer({ name: 'postgres', host: HOST, launch }, announce, onRestart))
    await server.start(preferredPort)
    const { credentials } = data
    this.#standbys = new Standbys({
      primary: { port: server.port, password: credentials.replica },
      dataDir,
      binaries,
      runAs,
      durable: !temporary,
      urls: (port) => ({
        databaseUrl: url(APPLICATION, credentials.application, port),
        serviceDatabaseUrl: url(BACKEND, credentials.service, port),
      }),
      openLog: (name) => this.#log(folder, name),
      announce,
      onRestart,
    })
    return {
      version: binaries.version,
      port: server.port,
      pid: server.pid,
      databaseUrl: url(APPLICATION, credentials.application, server.port),
      directDatabaseUrl: url(MIGRATOR, credentials.migrator, server.port),
      serviceDatabaseUrl: url(BACKEND, credentials.service, server.port),
    }
  }

  async #startDynamodb(
    { folder, announce, onRestart }: ServersOptions,
    cache: string,
    { dataDir, runAs }: { readonly dataDir: string; readonly runAs: RunAs | undefined },
    before: Ports,
  ): Promise<StackDescriptor['dynamodb']> {
    const binary = await resolveDynamodb(cache, runAs, path.dirname(folder))
    if ('unavailable' in binary) {
      announce({ level: 'warn', fields: { server: 'dynamodb' }, message: binary.unavailable })
      return binary
    }
    makeDynamodbFolder(dataDir, runAs)
    if (!(await prepareStreams(databaseFile(dataDir), { version: binary.version, runAs }))) {
      announce({ level: 'warn', fields: { server: 'dynamodb' }, message: SLOW_STREAMS })
    }
    const log = this.#log(folder, 'dynamodb.log')
    const engine: DynamodbBinary = binary
    const host = before.dynamodbHost ?? (await unguessableHost())
    const launch = (port: number) => launchDynamodb(port, { binary: engine, host, dataDir, runAs, log })
    const server = this.#manage(new ManagedServer({ name: 'dynamodb', host, launch }, announce, onRestart))
    await server.start(before.dynamodb)
    const endpoint = `http://${host}:${server.port}`
    return { version: engine.version, host, port: server.port, pid: server.pid, endpoint }
  }
}

const replicasOf = (standbys: Standbys | undefined): Pick<StackDescriptor['postgres'], 'replicas'> => {
  const replicas = standbys?.replicas ?? []
  return replicas.length > 0 ? { replicas } : {}
}

function ports(postgres: StackDescriptor['postgres'], dynamodb: StackDescriptor['dynamodb']): Ports {
  if (!('port' in dynamodb)) return { postgres: postgres.port }
  return { postgres: postgres.port, dynamodb: dynamodb.port, dynamodbHost: new URL(dynamodb.endpoint).hostname }
}
