import { InternalsCheck, internalsOf } from '@miyabi/core'
import type { PrismaPg } from '@prisma/adapter-pg'
import { serializeJsonQuery } from '@prisma/client/runtime/client'
import type pg from 'pg'
import type { Prisma, PrismaClient } from '../schema/prisma.js'

/**
 * All that is used of Prisma's client and of its adapter and is no part of their documentation: what for, in which
 * version it was read, and the one way to it. Nothing else of the package reaches into Prisma, and a start with another
 * version names what is missing.
 *
 * What Prisma's errors carry is no part of this: see errors/driver-facts.ts.
 */

const CLIENT = { package: '@prisma/client', readIn: '7.10.0' }
const ADAPTER = { package: '@prisma/adapter-pg', readIn: '7.10.0' }

/** That reads go by plans that were compiled once: see prisma/compiled. */
export const COMPILED_QUERIES = 'compiled queries'
/** The version whose plans are known. In another one they may mean something else. */
export const PLANS_READ_IN = CLIENT.readIn

/** Looked for once the first client is made. */
export const CLIENT_INTERNALS = internalsOf(CLIENT, [
  ['PrismaClient.prototype', '_executeRequest', 'function', 'refuses values that would be changed on their way'],
  ['PrismaClient.prototype', '_request', 'function', 'counts operations, so that close() waits for them'],
  ['PrismaClient.prototype', '$transaction', 'function', 'counts transactions, so that close() waits for them'],
  ['PrismaClient', '_originalClient', 'object', 'gives a client an identity'],
  ['PrismaClient', '_engine', 'object', 'gives the calls of a client its identity'],
  ['PrismaClient', '_requestHandler', 'object', 'merges the reads of one identity alone'],
  ['PrismaClient', '_runtimeDataModel', 'object', 'knows what a field takes'],
  ['PrismaClient', '_engineConfig', 'object', 'knows which texts are UUIDs'],
  ['PrismaClient', '_extensions', 'object', 'gives a client an identity'],
  ['PrismaClient', '_createPrismaPromise', 'function', 'refuses a batch of calls of several identities'],
  ['PrismaClient', '$extends', 'function', 'gives a client an identity'],
  ['engine', 'start', 'function', 'gives the calls of a client its identity'],
  ['engine', 'stop', 'function', 'gives the calls of a client its identity'],
  ['engine', 'request', 'function', 'gives the calls of a client its identity'],
  ['engine', 'requestBatch', 'function', 'gives the calls of a client its identity'],
  ['engine', 'transaction', 'function', 'gives the calls of a client its identity'],
  ['requestHandler', 'dataloader', 'object', 'answers each of the merged reads for itself'],
  ['dataloader', 'options', 'object', 'answers each of the merged reads for itself'],
  ['requestHandler', 'logEmitter', 'any', 'merges the reads of one identity alone'],
  ['extended client', '_appliedParent', 'object', 'gives a client an identity'],
  ['PrismaClient', '_tracingHelper', 'object', 'makes the spans of a compiled query', COMPILED_QUERIES],
  ['PrismaClient', '_previewFeatures', 'object', 'asks for the plan of a call', COMPILED_QUERIES],
  ['PrismaClient', '_clientVersion', 'any', 'knows whose plans these are', COMPILED_QUERIES],
  ['engine', 'config', 'object', 'asks for the plan of a call', COMPILED_QUERIES],
  ['requestHandler', 'unpack', 'function', 'gives decimals of the class that the client gives', COMPILED_QUERIES],
  ['requestHandler', 'handleAndLogRequestError', 'function', 'makes the errors of a compiled query', COMPILED_QUERIES],
])

/** Looked for when an adapter is made. */
export const FACTORY_INTERNALS = internalsOf(ADAPTER, [
  ['PrismaPg', 'externalPool', 'any', 'makes sure that statements go through the pool'],
])

/** Looked for when Prisma opens the adapter, before the first statement. */
export const ADAPTER_INTERNALS = internalsOf(ADAPTER, [
  ['PrismaPgAdapter', 'client', 'object', 'sends statements with their identity'],
  ['PrismaPgAdapter', 'performIO', 'function', 'sends moments before the year 1'],
  ['PrismaPgAdapter', 'onError', 'function', "keeps the names that a server's error holds, and its values out"],
])

/** What carries a client's calls to the adapter. */
export interface Engine {
  /** Ours: the one that all clients over one adapter share. */
  readonly shared?: Engine
  start(): Promise<void>
  stop(): Promise<void>
  request(...args: readonly unknown[]): Promise<unknown>
  requestBatch(...args: readonly unknown[]): Promise<unknown>
  transaction(...args: readonly unknown[]): Promise<unknown>
}

/** What a transaction of Prisma's has unless it is told otherwise. */
export interface TransactionDefaults {
  readonly isolationLevel?: unknown
  readonly maxWait: number
  readonly timeout: number
}

/** What several calls are asked with at once. */
export interface BatchOptions {
  readonly transaction?: { readonly kind: 'itx' | 'batch'; readonly options?: Partial<TransactionDefaults> }
}

/** What one of several calls is answered, by its action. */
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
  /** Those of the call, as they were given to `_request`. */
  readonly args?: unknown
  /** `itx`: of an interactive transaction; `batch`: of `$transaction([...])`. */
  readonly transaction?: { readonly kind: 'itx' | 'batch'; readonly id: unknown }
}

/** What Prisma merges requests with. */
export interface DataLoader {
  readonly options: {
    singleLoader(request: EngineRequest): Promise<unknown>
    /** Answers in the order of the requests; an Error is the answer of the one request. */
    batchLoader(requests: readonly EngineRequest[]): Promise<readonly unknown[]>
  }
  request(request: EngineRequest): Promise<unknown>
}

/** Sends what calls have become, and what they have in common only once. */
interface RequestHandler {
  dataloader: DataLoader
  readonly logEmitter: unknown
  /** Throws what the caller gets for what the engine threw. */
  /** Turns an answer of the engine into what callers get. */
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

/** What a client keeps of the schema. */
export interface ClientSchema {
  readonly _runtimeDataModel: {
    readonly models: Readonly<Record<string, { readonly fields: readonly ClientField[] }>>
  }
  /** `inlineSchema` is the text of the schema. */
  readonly _engineConfig: {
    readonly inlineSchema: string
    readonly transactionOptions: TransactionDefaults
    /** Whether somebody listens to queries. */
    readonly logQueries?: boolean
    readonly logEmitter?: { emit(event: 'query', query: QueryEvent): unknown }
  }
}

/** What `$on('query')` is told. */
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
  /** The name of its column, where it is another. */
  readonly dbName?: string
}

/** The parts of Prisma's client that a scope has of its own. */
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

/** Makes spans, where somebody wants them. */
export interface TracingHelper {
  isEnabled(): boolean
  runInChildSpan<T>(span: string | { readonly name: string; readonly [option: string]: unknown }, work: () => T): T
}

/** A call before it is turned into Prisma's protocol. */
export interface ClientCall {
  readonly args?: unknown
  /** Where the result of a fluent call stands: pairs of `select` and a relation. */
  readonly dataPath?: readonly string[]
  /** Turns `count` and the like into what the protocol knows. */
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

/** What a call that was not sent yet asks for; undefined where it does not tell, as raw SQL does not. */
export function callOf(promise: unknown): ClientCall | undefined {
  const { spec } = Object(promise) as { readonly spec?: Pick<ClientCall, 'model' | 'action' | 'args'> }
  if (spec?.model === undefined) return undefined
  return { ...spec, clientMethod: `${spec.model.charAt(0).toLowerCase()}${spec.model.slice(1)}.${spec.action}` }
}

/** The ways through which all of a client's work goes. */
export interface ClientWork {
  /** With what extensions have made of a call. */
  _executeRequest(call: ClientCall): Promise<unknown>
  _request(call: ClientCall): Promise<unknown>
  $transaction(...args: unknown[]): Promise<unknown>
}

/** The ways to work of a class of clients, to be put behind others. */
export const workOf = (Client: typeof PrismaClient): Readonly<ClientWork> =>
  (Client as unknown as { readonly prototype: ClientWork }).prototype

/** The client under all its extensions. */
export function internalsOfClient(client: PrismaClient): ClientInternals {
  return (client as unknown as ClientInternals)._originalClient
}

/** A request handler like that of `original`, which merges the reads of `client` alone. */
export function ownRequestHandler(client: ClientInternals, original: ClientInternals): RequestHandler {
  const Handler = original._requestHandler.constructor
  return new Handler(client, original._requestHandler.logEmitter)
}

/**
 * Prisma's own way to make a client that shares all with `original` but what `derived` has of its own, without an
 * extension in it.
 */
export function derivedClient(original: ClientInternals, derived: ClientInternals): PrismaClient {
  const parent = { _originalClient: derived, _extensions: { append: () => original._extensions } }
  const applied = original.$extends.call(parent, {})
  return Object.defineProperty(applied, '_appliedParent', { value: applied })
}

/** A call in Prisma's protocol, with `args` in place of its own. */
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

/** The class of the decimals that a client gives: a bundle, for one, has a copy of Prisma's runtime of its own. */
export function decimalOf({ _requestHandler }: ClientInternals): typeof Prisma.Decimal {
  const decimal = _requestHandler.unpack({ x: { $type: 'Decimal', value: '0' } }, []) as Prisma.Decimal
  return decimal.constructor as typeof Prisma.Decimal
}

/** What stands in for the compiler and the database of an engine that only plans. */
export interface Planning {
  /** Who the adapter of the plans is. */
  readonly connectionInfo: unknown
  compile(request: string, compile: (request: string) => unknown): unknown
  compileBatch(request: string, compileBatch: (request: string) => unknown): unknown
  queryRaw(query: AdapterQuery): Promise<never>
}

interface Compiler {
  compile(request: string): unknown
  compileBatch(request: string): unknown
  free(): void
}

interface EngineConfig {
  readonly compilerWasm: { getRuntime(): Promise<{ readonly QueryCompiler: new (options: object) => Compiler }> }
}

/** Makes no spans. */
const UNTOLD = {
  isEnabled: () => false,
  getTraceParent: () => '',
  runInChildSpan: <T>(_span: unknown, work: () => T): T => work(),
}

/**
 * Another engine of Prisma's, with the same schema, that keeps no plans and reaches no database. Its compiler is that
 * of the process, which `engine` has to have loaded: it cannot be loaded twice.
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
 * Whether the adapter goes through `pool`. It knows a pool by `instanceof`: with a second copy of `pg` it takes ours
 * for a record of options, ignores what it does not find there, and connects to localhost.
 */
export const usesPool = (factory: PrismaPg, pool: pg.Pool): boolean =>
  (factory as unknown as AdapterFactory).externalPool === pool

export const factoryCheck = (factory: PrismaPg) =>
  new InternalsCheck(FACTORY_INTERNALS, () => ({ PrismaPg: factory }), import.meta.url)

export const adapterCheck = (adapter: PgAdapter) =>
  new InternalsCheck(ADAPTER_INTERNALS, () => ({ PrismaPgAdapter: adapter }), import.meta.url)

/** The adapter's own methods, with another way to the server. */
export function withQuery(adapter: PgAdapter, query: (config: pg.QueryConfig) => Promise<pg.QueryResult>): PgAdapter {
  return Object.create(adapter, { client: { value: { query } } }) as PgAdapter
}

/** What the adapter reads rows with. */
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

/** Lets `change` see each query before the adapter turns its arguments into texts, in this very adapter. */
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

/** What the driver answers to the adapter. */
export type QueryAnswer = pg.QueryResult

/** A statement that goes in front of another. */
export interface StatementBefore {
  readonly text: string
  readonly values: readonly unknown[]
}

/**
 * Sends a query as the adapter does. With others in front of it all of them are one implicit transaction, and have an
 * answer each.
 */
export type SendQuery = (
  query: AdapterQuery,
  before?: readonly StatementBefore[],
) => Promise<QueryAnswer | QueryAnswer[]>

/** Lets `perform` send a query in another form, where it does not leave it to this very adapter with undefined. */
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

/** Set on what goes in the place of Prisma's own queries. */
const OF_BULK_INSERT = Symbol('of a bulk insert')

export const isOfBulkInsert = (config: object): boolean => OF_BULK_INSERT in config

/** Turns what the driver threw into what Prisma understands, by throwing it, and drops most names on the way. */
export type ConvertError = (error: unknown) => never

interface Converting {
  onError: ConvertError
}

/** The adapter's own conversion of errors. */
export function errorConversion(adapter: PgAdapter): ConvertError {
  const { onError } = adapter as unknown as Converting
  return (error) => onError.call(adapter, error)
}

/** Puts another conversion in its place, in this very adapter. */
export function convertErrorsWith(adapter: PgAdapter, onError: ConvertError): PgAdapter {
  const converting: Converting = { onError }
  return Object.assign(adapter, converting)
}
