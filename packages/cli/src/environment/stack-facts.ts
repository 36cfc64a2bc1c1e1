import { redactUrl } from '@miyabi/core'
import type { ReplicaProgress, StackStatus } from '@miyabi/local'
import { heading } from '../terminal/style.js'
import { definitions } from '../terminal/table.js'

export type RunningStack = Extract<StackStatus, { running: true }>

/** A running stack as `status --json` prints it. */
export interface StackFacts {
  readonly up: true
  readonly folder: string
  readonly dataDir: string
  readonly held: boolean
  readonly leases: number
  readonly uptimeMs: number
  readonly postgres: {
    readonly version: string
    readonly port: number
    readonly databaseUrl: string
    readonly directDatabaseUrl: string
    readonly serviceDatabaseUrl: string
    readonly bytes: number
    /** Its standbys, if it has any. */
    readonly replicas?: readonly {
      readonly port: number
      readonly databaseUrl: string
      readonly serviceDatabaseUrl: string
      readonly bytes: number
      /** `streaming` if it follows the primary; see `ReplicaProgress` of `@miyabi/local`. */
      readonly state: string
      /** The amount of the primary's log that it has not replayed, if known. */
      readonly behindBytes?: number
      /** How long the latest part of the log took, if known. */
      readonly lagMs?: number
    }[]
  }
  readonly dynamodb:
    | { readonly version: string; readonly port: number; readonly endpoint: string; readonly bytes: number }
    | { readonly unavailable: string }
}

/** Returns the facts to show about a stack; passwords are masked unless requested. */
export function stackFacts(status: RunningStack, options: { readonly showPasswords: boolean }): StackFacts {
  const { folder, descriptor, held, leases, uptimeMs, sizes, replication } = status
  const { version, port, databaseUrl, directDatabaseUrl, serviceDatabaseUrl } = descriptor.postgres
  const url = options.showPasswords ? (text: string) => text : redactUrl
  const dynamodb = descriptor.dynamodb
  return {
    up: true,
    folder,
    dataDir: descriptor.dataDir,
    held,
    leases,
    uptimeMs,
    postgres: {
      version,
      port,
      databaseUrl: url(databaseUrl),
      directDatabaseUrl: url(directDatabaseUrl),
      serviceDatabaseUrl: url(serviceDatabaseUrl),
      bytes: sizes.postgres,
      ...(descriptor.postgres.replicas && {
        replicas: descriptor.postgres.replicas.map((replica, index) => ({
          port: replica.port,
          databaseUrl: url(replica.databaseUrl),
          serviceDatabaseUrl: url(replica.serviceDatabaseUrl),
          bytes: sizes.replicas[index] ?? 0,
          ...(replication[index] ?? { state: 'unknown' }),
        })),
      }),
    },
    dynamodb:
      'endpoint' in dynamodb
        ? {
            version: String(dynamodb.version),
            port: Number(dynamodb.port),
            endpoint: String(dynamodb.endpoint),
            bytes: sizes.dynamodb,
          }
        : { unavailable: String(dynamodb.unavailable) },
  }
}

/** Renders these facts as text, within a width in columns. */
export function renderStack(facts: StackFacts, width?: number): string {
  const { postgres, dynamodb, held, leases } = facts
  const inColumns = (pairs: Iterable<readonly [string, string]>): string => definitions(pairs, width)
  return [
    heading('Embedded stack'),
    inColumns([
      ['up for', duration(facts.uptimeMs)],
      ['used by', users(leases, held)],
      ['data', facts.dataDir],
    ]),
    heading(`PostgreSQL ${postgres.version}`),
    inColumns([
      ['port', String(postgres.port)],
      ['application', postgres.databaseUrl],
      ['service', postgres.serviceDatabaseUrl],
      ['migrator', postgres.directDatabaseUrl],
      ['size', size(postgres.bytes)],
    ]),
    ...(postgres.replicas ?? []).flatMap((replica, index) => [
      heading(`Replica ${index + 1}`),
      inColumns([
        ['port', String(replica.port)],
        ['state', stateOf(replica)],
        ['application', replica.databaseUrl],
        ['service', replica.serviceDatabaseUrl],
        ['size', size(replica.bytes)],
      ]),
    ]),
    ...('endpoint' in dynamodb
      ? [
          heading(`DynamoDB (dynoxide ${dynamodb.version})`),
          inColumns([
            ['port', String(dynamodb.port)],
            ['endpoint', dynamodb.endpoint],
            ['open to', 'every user of this machine: it does not check signatures'],
            ['size', size(dynamodb.bytes)],
          ]),
        ]
      : [heading('DynamoDB'), inColumns([['unavailable', dynamodb.unavailable]])]),
  ].join('\n')
}

function stateOf({ state, behindBytes, lagMs }: Omit<ReplicaProgress, 'state'> & { readonly state: string }): string {
  const behind = behindBytes === undefined ? [] : [behindBytes === 0 ? 'nothing behind' : `${size(behindBytes)} behind`]
  const lag = lagMs === undefined ? [] : [`lag ${Math.ceil(lagMs)} ms`]
  return [state, ...behind, ...lag].join(', ')
}

function users(leases: number, held: boolean): string {
  const processes = leases === 0 ? 'no process' : leases === 1 ? '1 process' : `${leases} processes`
  return held ? `${processes}; kept up until \`miyabi down\`` : `${processes}; it stops with the last one`
}

/** `1.5 MB`, in powers of 1,000. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`
}

/** `3 s`, `2 min`, `5 h 12 min`, `4 d 1 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (minutes === 0) return `${seconds} s`
  if (hours === 0) return `${minutes} min`
  if (hours < 24) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}
