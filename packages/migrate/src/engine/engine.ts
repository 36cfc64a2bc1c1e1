import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type {
  ApplyMigrationsInput,
  DiffResult,
  EvaluateDataLossInput,
  IntrospectSqlParams,
  SchemaEngine,
} from '@prisma/schema-engine-wasm'
import { loadEngine, type PanicRegistry } from '../internals/schema-engine.js'
import type { Connections } from './connections.js'
import { introspectSql } from './typed-sql/introspect-sql.js'

/** Answers one request of the CLI. `print` writes to the CLI's standard output. */
export type Method = (
  engine: SchemaEngine,
  params: never,
  print: (content: string) => void,
  connections: Connections,
) => unknown

/** The CLI's methods that are not simply the engine's method of the same name. */
const SPECIAL: Readonly<Record<string, Method>> = {
  getDatabaseVersion: (engine) => engine.version(),

  /** The native engine records a script as started before it reads it. */
  async applyMigrations(engine, params: ApplyMigrationsInput, _print, connections) {
    await connections.checkPending(params)
    return await engine.applyMigrations(params)
  },

  /** The native engine prints the difference itself and responds with the exit code. */
  async diff(engine, params, print): Promise<DiffResult> {
    const { exitCode, stdout } = await engine.diff(params)
    if (stdout !== null) print(stdout.replace(/\n$/, ''))
    return { exitCode, stdout: null }
  },

  /**
   * The WebAssembly build can only do this when the schema after these migrations is in its cache ("PostgreSQL shadow
   * DB must be provided through an external factory" otherwise, which is always so after `migrate dev` has applied
   * pending ones).
   */
  async evaluateDataLoss(engine, params: EvaluateDataLossInput) {
    await engine.devDiagnostic({ migrationsList: params.migrationsList, filters: params.filters })
    return await engine.evaluateDataLoss(params)
  },

  /** The WebAssembly build recurses until its stack overflows. */
  introspectSql: (_engine, params: IntrospectSqlParams) => introspectSql(params),
}

/** The engine's own methods that the CLI calls. */
const PLAIN = [
  'createMigration',
  'dbExecute',
  'debugPanic',
  'devDiagnostic',
  'diagnoseMigrationHistory',
  'ensureConnectionValidity',
  'introspect',
  'markMigrationApplied',
  'markMigrationRolledBack',
  'reset',
  'schemaPush',
] as const satisfies readonly (keyof SchemaEngine)[]

/** The method of this name, or undefined. */
export function findMethod(name: string): Method | undefined {
  const plain = PLAIN.find((candidate) => candidate === name)
  if (plain) return (engine, params) => engine[plain](params)
  return Object.hasOwn(SPECIAL, name) ? SPECIAL[name] : undefined
}

/**
 * The engine, instantiated and connected at the first request, so that a failure to connect is that request's answer.
 */
export class LazyEngine {
  private readonly datamodels: [string, string][]
  readonly connections: Connections
  private readonly log: (line: string) => void
  private loaded: Promise<SchemaEngine> | undefined
  private panics: PanicRegistry = { message: '' }

  constructor(datamodels: [string, string][], connections: Connections, log: (line: string) => void) {
    this.datamodels = datamodels
    this.connections = connections
    this.log = log
  }

  get(): Promise<SchemaEngine> {
    this.loaded ??= this.load()
    return this.loaded
  }

  /** What the Rust side reported when it panicked since the last call, or undefined. */
  takePanic(): string | undefined {
    const { message } = this.panics
    this.panics.message = ''
    return message || undefined
  }

  private async load(): Promise<SchemaEngine> {
    const { SchemaEngine, panics } = await loadEngine()
    this.panics = panics
    const datamodels = this.datamodels.length > 0 ? this.datamodels : undefined
    return await SchemaEngine.new({ datamodels }, this.log, bindMigrationAwareSqlAdapterFactory(this.connections))
  }
}
