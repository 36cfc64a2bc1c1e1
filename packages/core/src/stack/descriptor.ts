/** A running server of the stack. */
interface StackServer {
  readonly version: string
  readonly port: number
  /** Its process, if requested. */
  readonly pid?: number | undefined
}

/** A standby of the stack's PostgreSQL: the same logins, on a separate port. */
export interface StackReplica {
  readonly port: number
  readonly pid?: number | undefined
  readonly databaseUrl: string
  readonly serviceDatabaseUrl: string
}

/** The description that a running embedded stack publishes. */
export interface StackDescriptor {
  /** The supervisor, which owns both servers. */
  readonly pid: number
  /** Its `startMark`. */
  readonly started?: string | undefined
  /** When the servers were ready. */
  readonly startedAt?: string
  /** The stack's folder. */
  readonly folder?: string
  /** The real location of the data: the stack's folder, or a private cache folder. */
  readonly dataDir: string
  /** Whether the folder is deleted when its last user leaves. */
  readonly temporary?: boolean
  readonly postgres: StackServer & {
    /** The application's login: neither superuser nor owner of the tables. */
    readonly databaseUrl: string
    /** The migrator's login: owns the database and may create others. */
    readonly directDatabaseUrl: string
    /** The service's login: may act as the service identity, never as a user. */
    readonly serviceDatabaseUrl: string
    /** Its standbys, if there are any. */
    readonly replicas?: readonly StackReplica[]
  }
  readonly dynamodb:
    | (StackServer & { readonly endpoint: string; readonly host?: string })
    /** There is no engine for this platform: why, and what to do. */
    | { readonly unavailable: string }
}

/**
 * Returns whether a value read from a file is a descriptor. Another version may have written it, with members unknown
 * to this one.
 */
export function isStackDescriptor(value: unknown): value is StackDescriptor {
  return (
    isRecord(value) &&
    isWhole(value['pid']) &&
    value['pid'] > 0 &&
    (value['started'] === undefined || typeof value['started'] === 'string') &&
    (value['folder'] === undefined || typeof value['folder'] === 'string') &&
    hasTexts(value, ['dataDir']) &&
    isServer(value['postgres'], ['databaseUrl', 'directDatabaseUrl', 'serviceDatabaseUrl']) &&
    hasReplicas(value['postgres']) &&
    (isServer(value['dynamodb'], ['endpoint']) ||
      (isRecord(value['dynamodb']) && hasTexts(value['dynamodb'], ['unavailable'])))
  )
}

const isServer = (value: unknown, urls: readonly string[]): boolean =>
  isRecord(value) && isWhole(value['port']) && hasTexts(value, ['version', ...urls])

const hasReplicas = (postgres: unknown): boolean => {
  const replicas = isRecord(postgres) ? postgres['replicas'] : undefined
  if (replicas === undefined) return true
  const isReplica = (one: unknown): boolean =>
    isRecord(one) && isWhole(one['port']) && hasTexts(one, ['databaseUrl', 'serviceDatabaseUrl'])
  return Array.isArray(replicas) && replicas.every(isReplica)
}

const hasTexts = (value: Readonly<Record<string, unknown>>, names: readonly string[]): boolean =>
  names.every((name) => typeof value[name] === 'string')

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
