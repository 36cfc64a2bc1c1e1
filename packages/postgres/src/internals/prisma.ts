import { InternalsCheck, internalsOf } from '@miyabi/core'
import type { PrismaPg } from '@prisma/adapter-pg'
import { serializeJsonQuery } from '@prisma/client/runtime/client'
import type pg from 'pg'
import type { Prisma, PrismaClient } from '../schema/prisma.js'

/**
 * Every undocumented member of Prisma's client and its adapter that is used: its purpose, the version in which it was
 * read, and the only access to it. No other part of the package reaches into Prisma, and startup with another version
 * reports what is missing.
 *
 * The fields of Prisma's errors are not part of this: see errors/driver-facts.ts.
 */

const CLIENT = { package: '@prisma/client', readIn: '7.10.0' }
const ADAPTER = { package: '@prisma/adapter-pg', readIn: '7.10.0' }

/** Reads use plans that were compiled once: see prisma/compiled. */
export const COMPILED_QUERIES = 'compiled queries'
/** The version whose plans are known. In other versions they may have another meaning. */
export const PLANS_READ_IN = CLIENT.readIn

/** A query compiler is loaded faster, and once for all engines. */
export const COMPILER_LOADING = 'a faster start of the query compiler'

/** Checked when the first client is created. */
export const CLIENT_INTERNALS = internalsOf(CLIENT, [
  ['PrismaClient.prototype', '_executeRequest', 'function', 'rejects values that would be changed in transit'],
  ['PrismaClient.prototype', '_request', 'function', 'counts operations, so that close() waits for them'],
  ['PrismaClient.prototype', '$transaction', 'function', 'counts transactions, so that close() waits for them'],
  ['PrismaClient', '_originalClient', 'object', 'gives a client an identity'],
  ['PrismaClient', '_engine', 'object', 'gives the calls of a client its identity'],
  ['PrismaClient', '_requestHandler', 'object', 'merges the reads of one identity only'],
  ['PrismaClient', '_runtimeDataModel', 'object', 'knows what a field accepts'],
  ['PrismaClient', '_engineConfig', 'object', 'knows which texts are UUIDs'],
  ['PrismaClient', '_extensions', 'object', 'gives a client an identity'],
  ['PrismaClient', '_createPrismaPromise', 'function', 'rejects a batch of calls of several identities'],
  ['PrismaClient', '$extends', 'function', 'gives a client an identity'],
  ['engine', 'start', 'function', 'gives the calls of a client its identity'],
  ['engine', 'stop', 'function', 'gives the calls of a client its identity'],
  ['engine', 'request', 'function', 'gives the calls of a client its identity'],
  ['engine', 'requestBatch', 'function', 'gives the calls of a client its identity'],
  ['engine', 'transaction', 'function', 'gives the calls of a client its identity'],
  ['requestHandler', 'dataloader', 'object', 'answers each of the merged reads separately'],
  ['dataloader', 'options', 'object', 'answers each of the merged reads separately'],
  ['requestHandler', 'logEmitter', 'any', 'merges the reads of one identity only'],
  ['extended client', '_appliedParent', 'object', 'gives a client an identity'],
  ['PrismaClient', '_tracingHelper', 'object', 'creates the spans of a compiled query', COMPILED_QUERIES],
  ['PrismaClient', '_previewFeatures', 'object', 'requests the plan of a call', COMPILED_QUERIES],
  ['PrismaClient', '_clientVersion', 'any', 'knows whose plans these are', COMPILED_QUERIES],
  ['engine', 'config', 'object', 'requests the plan of a call', COMPILED_QUERIES],
  ['requestHandler', 'unpack', 'function', "returns decimals of the client's own class", COMPILED_QUERIES],
  [
    'requestHandler',
    'handleAndLogRequestError',
    'function',
    'creates the errors of a compiled query',
    COMPILED_QUERIES,
  ],
  ['compilerWasm', 'getRuntime', 'function', 'shares the compiler of a schema', COMPILER_LOADING],
  ['compilerWasm', 'getQueryCompilerWasmModule', 'function', 'reads the compiler as a file', COMPILER_LOADING],
  ['compilerWasm', 'importName', 'any', 'reads the compiler as a file', COMPILER_LOADING],
])

/** Checked when an adapter is created. */
export const FACTORY_INTERNALS = internalsOf(ADAPTER, [
  ['PrismaPg', 'externalPool', 'any', 'ensures that statements go through the pool'],
])

/** Checked when Prisma opens the adapter, before the first statement. */
export const ADAPTER_INTERNALS = internalsOf(ADAPTER, [
  ['PrismaPgAdapter', 'client', 'object', 'sends statements with their identity'],
  ['PrismaPgAdapter', 'performIO', 'function', 'sends dates before the year 1'],
  ['PrismaPgAdapter', 'onError', 'function', 'keeps the names of a server error, and removes its values'],
])

/** Carries a client's calls to the adapter. */
export interface Engine {
  /** Set by us: the one shared by all clients over one adapter. */
  readonly shared?: Engine
  start(): Promise<void>
  stop(): Promise<void>
  request(...args: readonly unknown[]): Promise<unknown>
  requestBatch(...args: readonly unknown[]): Promise<unknown>
  transaction(...args: readonly unknown[]): Promise<unknown>
}

/** The defaults of a Prisma transaction. */
export interface TransactionDefaults {
  readonly isolationLevel?: unknown
  readonly maxWait: number
  readonly timeout: number
}

/** The batch in which several calls are requested. */
export interface BatchOptions {
  readonly transaction?: { readonly kind: 'itx' | 'batch'; readonly options?: Partial<TransactionDefaults> }
}

/** The answer to one of several calls, by its action. */
export interface BatchAnswer {
  readonly data: Readonly<Record<string, unknown>>
}

/** A call on its way to Prisma's engine. */
export interface EngineRequest {
  readonly protocolQuery: {
    readonly modelName?: string
    readonly action: string
    readonly query: { readonly arguments?: Readonly<Record<string, unknown>>; readonly selection?: unknown }
  }
  /** The call's own arguments, as passed to `_request`. */
  readonly args?: unknown
  /** `itx`: of an interactive transaction; `batch`: of `$transaction([...])`. */
  readonly transaction?: { readonly kind: 'itx' | 'batch'; readonly id: unknown }
}

/** Prisma's batching of requests. */
export interface DataLoader {
  readonly options: {
    singleLoader(request: EngineRequest): Promise<unknown>
    /** Returns answers in the order of the requests; an Error is the answer of one request. */
    batchLoader(requests: readonly EngineRequest[]): Promise<readonly unknown[]>
  }
  request(request: EngineRequest): Promise<unknown>
}

/** Sends the batched calls, and what they have in common only once. */
interface RequestHandler {
  dataloader: DataLoader
  readonly logEmitter: unknown
  /** Throws the error that the caller gets for the engine's error. */
  /** Turns an engine's answer into the caller's result. */
  unpack(answer: object, dataPath: readonly string[]): unknown
  handleAndLogRequestError(
    failure: ClientCall & {
      readonly error: unknown
      readonly modelName: string | undefined
      readonly globalOmit: object | undefined
    },
  ): never
  readonly constructor: new (client: ClientInternals, logEmitter: unknown) => RequestHandler
}

/** The client's record of the schema. */
export interface ClientSchema {
  readonly _runtimeDataModel: {
    readonly models: Readonly<Record<string, { readonly fields: readonly ClientField[] }>>
  }
  /** `inlineSchema` is the text of the schema. */
  readonly _engineConfig: {
    readonly inlineSchema: string
    readonly transactionOptions: TransactionDefaults
    /** Whether queries are observed. */
    readonly logQueries?: boolean
    readonly logEmitter?: { emit(event: 'query', query: QueryEvent): unknown }
  }
}

/** The event of `$on('query')`. */
export interface QueryEvent {
  readonly timestamp: Date
  readonly duration: number
  readonly query: string
  /** As JSON. */
  readonly params: string
  readonly target: string
}

interface ClientField {
  readonly name: string
  readonly kind: 'scalar' | 'object' | 'enum' | 'unsupported'
  readonly type: string
  /** The name of its column, if different. */
  readonly dbName?: string
}

/** The parts of Prisma's client that each scope has separately. */
export interface ClientInternals extends ClientSchema {
  _originalClient: ClientInternals
  _engine: Engine
  _requestHandler: RequestHandler
  readonly _extensions: Extensions
  readonly _tracingHelper: TracingHelper
  readonly _clientVersion: string
  readonly _previewFeatures: readonly string[]
  readonly _globalOmit?: object
  readonly _createPrismaPromise: (...args: readonly unknown[]) => object
  readonly $extends: (this: object, extension: object) => PrismaClient
}

/** All extensions of a client. */
export interface Extensions {
  isEmpty(): boolean
  getAllComputedFields(model: string): object | undefined
}

/** Creates spans, if tracing is enabled. */
export interface TracingHelper {
  isEnabled(): boolean
  runInChildSpan<T>(span: string | { readonly name: string; readonly [option: string]: unknown }, work: () => T): T
}

/** A call before it is turned into Prisma's protocol. */
export interface ClientCall {
  readonly args?: unknown
  /** The location of a fluent call's result: pairs of `select` and a relation. */
  readonly dataPath?: readonly string[]
  /** Turns `count` and the like into the protocol's form. */
  readonly argsMapper?: (args: unknown) => unknown
  /** Turns the result back. */
  readonly unpacker?: (result: unknown) => unknown
  /** Unset for raw SQL. */
  readonly model?: string
  readonly action: string
  readonly transaction?: EngineRequest['transaction']
  /** As in the call: `plugin.update`. */
  readonly clientMethod: string
}

/** The request of a call that was not sent yet; undefined if it does not expose it, as for raw SQL. */
export function callOf(promise: unknown): ClientCall | undefined {
  const { spec } = Object(promise) as { readonly spec?: Pick<ClientCall, 'model' | 'action' | 'args'> }
  if (spec?.model === undefined) return undefined
  return { ...spec, clientMethod: `${spec.model.charAt(0).toLowerCase()}${spec.model.slice(1)}.${spec.action}` }
}

/** The methods through which all of a client's work goes. */
export interface ClientWork {
  /** With the arguments as changed by extensions. */
  _executeRequest(call: ClientCall): Promise<unknown>
  _request(call: ClientCall): Promise<unknown>
  $transaction(...args: unknown[]): Promise<unknown>
}

/** The work methods of a class of clients, to wrap others. */
export const workOf = (Client: typeof PrismaClient): Readonly<ClientWork> =>
  (Client as unknown as { readonly prototype: ClientWork }).prototype

/** The client under all its extensions. */
export function internalsOfClient(client: PrismaClient): ClientInternals {
  return (client as unknown as ClientInternals)._originalClient
}

/** Returns a request handler like that of `original`, which merges only the reads of `client`. */
export function ownRequestHandler(client: ClientInternals, original: ClientInternals): RequestHandler {
  const Handler = original._requestHandler.constructor
  return new Handler(client, original._requestHandler.logEmitter)
}

/**
 * Creates a client in Prisma's own way that shares everything with `original` except the members of `derived`, without
 * an extension.
 */
export function derivedClient(original: ClientInternals, derived: ClientInternals): PrismaClient {
  const parent = { _originalClient: derived, _extensions: { append: () => original._extensions } }
  const applied = original.$extends.call(parent, {})
  return Object.defineProperty(applied, '_appliedParent', { value: applied })
}

/** A call in Prisma's protocol, with `args` replacing its own. */
export function protocolOf(client: ClientInternals, call: ClientCall, args: unknown): EngineRequest['protocolQuery'] {
  return serializeJsonQuery({
    modelName: call.model,
    action: call.action,
    args: (call.argsMapper ? call.argsMapper(args) : args) ?? {},
    clientMethod: call.clientMethod,
    runtimeDataModel: client._runtimeDataModel,
    extensions: client._extensions,
    clientVersion: client._clientVersion,
    previewFeatures: client._previewFeatures,
    globalOmit: client._globalOmit,
    errorFormat: 'minimal',
  } as unknown as Parameters<typeof serializeJsonQuery>[0]) as unknown as EngineRequest['protocolQuery']
}

/** The class of the client's decimals: a bundle, for example, has its own copy of Prisma's runtime. */
export function decimalOf({ _requestHandler }: ClientInternals): typeof Prisma.Decimal {
  const decimal = _requestHandler.unpack({ x: { $type: 'Decimal', value: '0' } }, []) as Prisma.Decimal
  return decimal.constructor as typeof Prisma.Decimal
}

/** Replaces the compiler and the database of an engine that only plans. */
export interface Planning {
  /** The name of the plans' adapter. */
  readonly connectionInfo: unknown
  compile(request: string, compile: (request: string) => unknown): unknown
  compileBatch(request: string, compileBatch: (request: string) => unknown): unknown
  queryRaw(query: AdapterQuery): Promise<never>
}

/** Compiles the calls of one schema, in WebAssembly. */
export interface Compiler {
  compile(request: string): unknown
  compileBatch(request: string): unknown
  free(): void
}

/** The JavaScript of the compiler. */
export interface CompilerRuntime {
  readonly QueryCompiler: new (options: object) => Compiler
}

/** How the clients of a class load their compiler. */
export interface CompilerLoading {
  getRuntime(): Promise<CompilerRuntime>
  getQueryCompilerWasmModule(): Promise<object>
  readonly importName: string
}

interface EngineConfig {
  readonly compilerWasm: CompilerLoading
}

/** Returns how the engine loads its compiler. */
export const compilerLoadingOf = (engine: Engine): CompilerLoading =>
  (engine as Engine & { readonly config: EngineConfig }).config.compilerWasm

/** Creates no spans. */
const UNTOLD = {
  isEnabled: () => false,
  getTraceParent: () => '',
  runInChildSpan: <T>(_span: unknown, work: () => T): T => work(),
}

/**
 * Creates another Prisma engine, with the same schema, that keeps no plans and reaches no database. It uses the
 * compiler of the process, which `engine` must have loaded: it cannot be loaded twice.
 */
export function planningEngine(engine: Engine, planning: Planning): Engine {
  const { config, constructor: PrismasEngine } = engine as Engine & {
    readonly config: EngineConfig
    readonly constructor: new (config: object, loader: object) => Engine
  }
  const refused = async (): Promise<never> => Promise.reject(new Error('a plan is not executed'))
  const adapter = {
    provider: 'postgres',
    adapterName: 'plans',
    queryRaw: planning.queryRaw,
    executeRaw: refused,
    executeScript: refused,
    startTransaction: refused,
    dispose: async () => {},
    getConnectionInfo: () => planning.connectionInfo,
  }
  const ownConfig = {
    ...config,
    adapter: { provider: 'postgres', adapterName: 'plans', connect: async () => adapter },
    tracingHelper: UNTOLD,
    queryPlanCacheMaxSize: 0,
    logQueries: false,
  }
  const loader = {
    async loadQueryCompiler() {
      const { QueryCompiler } = await config.compilerWasm.getRuntime()
      return class {
        readonly #compiler: Compiler
        constructor(options: object) {
          this.#compiler = new QueryCompiler(options)
        }
        compile(request: string): unknown {
          return planning.compile(request, (changed) => this.#compiler.compile(changed))
        }
        compileBatch(request: string): unknown {
          return planning.compileBatch(request, (changed) => this.#compiler.compileBatch(changed))
        }
        free(): void {
          this.#compiler.free()
        }
      }
    },
  }
  return new PrismasEngine(ownConfig, loader)
}

export function clientHolders(client: PrismaClient, Client: typeof PrismaClient) {
  const { _originalClient: original } = client as unknown as Partial<ClientInternals>
  return {
    'PrismaClient.prototype': Client.prototype as unknown,
    PrismaClient: client,
    engine: original?._engine,
    requestHandler: original?._requestHandler,
    dataloader: original?._requestHandler?.dataloader,
    compilerWasm: (original?._engine as { readonly config?: Partial<EngineConfig> } | undefined)?.config?.compilerWasm,
    'extended client': typeof client.$extends === 'function' ? client.$extends({}) : undefined,
  }
}

export const clientCheck = (client: PrismaClient, Client: typeof PrismaClient) =>
  new InternalsCheck(CLIENT_INTERNALS, () => clientHolders(client, Client), import.meta.url)

/** Prisma's adapter over one pool. */
export type PgAdapter = Awaited<ReturnType<PrismaPg['connect']>>
/** One transaction of it. */
export type PgTransaction = Awaited<ReturnType<PgAdapter['startTransaction']>>

type AdapterFactory = { readonly externalPool?: unknown }

/**
 * Returns whether the adapter uses `pool`. It recognizes a pool by `instanceof`: with a second copy of `pg` it treats
 * ours as a record of options, ignores the missing ones, and connects to localhost.
 */
export const usesPool = (factory: PrismaPg, pool: pg.Pool): boolean =>
  (factory as unknown as AdapterFactory).externalPool === pool

export const factoryCheck = (factory: PrismaPg) =>
  new InternalsCheck(FACTORY_INTERNALS, () => ({ PrismaPg: factory }), import.meta.url)

export const adapterCheck = (adapter: PgAdapter) =>
  new InternalsCheck(ADAPTER_INTERNALS, () => ({ PrismaPgAdapter: adapter }), import.meta.url)

/** The adapter's own methods, with another connection to the server. */
export function withQuery(adapter: PgAdapter, query: (config: pg.QueryConfig) => Promise<pg.QueryResult>): PgAdapter {
  return Object.create(adapter, { client: { value: { query } } }) as PgAdapter
}

/** The adapter's parsers of rows. */
export async function typesOf(adapter: PgAdapter): Promise<pg.CustomTypesConfig> {
  let types: pg.QueryConfig['types']
  const asked = withQuery(adapter, async (config) => {
    types = config.types
    return { fields: [], rows: [], rowCount: 0, command: '', oid: 0 }
  })
  await asked.queryRaw({ sql: '', args: [], argTypes: [] })
  return types as pg.CustomTypesConfig
}

export type AdapterQuery = Parameters<PgAdapter['queryRaw']>[0]

/** Lets `change` see each query before the adapter converts its arguments to texts, in this adapter object. */
export function changingQueries(adapter: PgAdapter, change: (query: AdapterQuery) => AdapterQuery): PgAdapter {
  interface Performing {
    performIO(query: AdapterQuery): Promise<unknown>
  }
  const { performIO } = adapter as unknown as Performing
  const performing: Performing = {
    performIO(query) {
      return performIO.call(this, change(query))
    },
  }
  return Object.assign(adapter, performing)
}

/** The driver's answer to the adapter. */
export type QueryAnswer = pg.QueryResult

/** A statement that is sent before another. */
export interface StatementBefore {
  readonly text: string
  readonly values: readonly unknown[]
}

/**
 * Sends a query as the adapter does. Together with the statements before it, it forms one implicit transaction, with
 * one answer each.
 */
export type SendQuery = (
  query: AdapterQuery,
  before?: readonly StatementBefore[],
) => Promise<QueryAnswer | QueryAnswer[]>

/** Lets `perform` send a query in another form; if it returns undefined, this adapter object sends it. */
export function performingQueries(
  adapter: PgAdapter,
  perform: (query: AdapterQuery, send: SendQuery) => Promise<QueryAnswer> | undefined,
): PgAdapter {
  interface Performing {
    readonly client: { query(config: object): Promise<QueryAnswer> }
    performIO(query: AdapterQuery): Promise<QueryAnswer>
  }
  const { performIO } = adapter as unknown as Performing
  const performing: Pick<Performing, 'performIO'> & ThisType<Performing> = {
    performIO(query) {
      const send: SendQuery = (own, before) => {
        const added = before ? { name: '', before } : {}
        const client: Performing['client'] = {
          query: (config) => this.client.query({ ...config, ...added, [OF_BULK_INSERT]: true }),
        }
        return performIO.call(Object.create(this, { client: { value: client } }) as Performing, own)
      }
      return perform(query, send) ?? performIO.call(this, query)
    },
  }
  return Object.assign(adapter, performing)
}

/** Marks statements that replace Prisma's own queries. */
const OF_BULK_INSERT = Symbol('of a bulk insert')

export const isOfBulkInsert = (config: object): boolean => OF_BULK_INSERT in config

/**
 * Converts the driver's error into one that Prisma understands, by throwing it, and drops most names in the process.
 */
export type ConvertError = (error: unknown) => never

interface Converting {
  onError: ConvertError
}

/** The adapter's own conversion of errors. */
export function errorConversion(adapter: PgAdapter): ConvertError {
  const { onError } = adapter as unknown as Converting
  return (error) => onError.call(adapter, error)
}

/** Replaces the conversion, in this adapter object. */
export function convertErrorsWith(adapter: PgAdapter, onError: ConvertError): PgAdapter {
  const converting: Converting = { onError }
  return Object.assign(adapter, converting)
}
