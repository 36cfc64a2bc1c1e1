import type { Scope } from '../identity/scope.js'
import { type ClientCall, type ClientInternals, callOf, derivedClient, internalsOfClient } from '../internals/prisma.js'
import type { PrismaClient } from '../schema/prisma.js'
import { InvalidArgumentError } from './invalid-argument.js'
import { READS } from './reads.js'
import { SCOPE } from './scoped-client.js'

/** The property that holds a client's read cache. */
const READ_CACHE = Symbol('read cache')

/** A call with a `cacheStrategy`. */
export interface CachedRead {
  readonly model: string | undefined
  readonly action: string
  /** As in the call: `plugin.findMany`. */
  readonly clientMethod: string
  /** The call's arguments, without the strategy. */
  readonly args: object
  /** The location of a fluent call's result: pairs of `select` and a relation. */
  readonly dataPath: readonly string[]
  /** As passed. */
  readonly strategy: unknown
  /** Why its result cannot be cached. */
  readonly obstacle: 'write' | 'transaction' | 'replica' | 'extension' | undefined
  /** The text of the schema, which determines the form of a result. */
  readonly schema: string
}

/** Answers reads with a cache strategy. */
export interface ReadCache {
  /** @param load queries the database. It may also be called later. */
  read(call: CachedRead, load: () => Promise<unknown>): Promise<unknown>
}

type Client = ClientInternals & { readonly [READ_CACHE]?: ReadCache; readonly [SCOPE]?: Scope }

/** Lets `cache` answer the calls with a `cacheStrategy` of a client, and of all clients derived from it. */
export function useReadCache(client: PrismaClient, cache: ReadCache): void {
  Object.defineProperty(internalsOfClient(client), READ_CACHE, { value: cache, configurable: true })
}

/** The same client in every respect, but with a separate cache. Reads are merged with those of `client` as before. */
export function ownClient(client: PrismaClient): PrismaClient {
  const original = internalsOfClient(client)
  const own: ClientInternals = Object.create(original)
  own._originalClient = own
  return derivedClient(original, own)
}

/** Whether a call has a cache strategy: checked for every call. */
export function hasStrategy({ args }: ClientCall): boolean {
  return typeof args === 'object' && args !== null && 'cacheStrategy' in args
}

/**
 * Executes a call with a cache strategy.
 * @param ask executes the call without the strategy, which Prisma does not know.
 */
export function cachedRead(client: Client, call: ClientCall, ask: (call: ClientCall) => Promise<unknown>) {
  const { cacheStrategy: strategy, ...args } = call.args as Readonly<Record<string, unknown>>
  const load = (): Promise<unknown> => ask({ ...call, args })
  if (strategy === undefined) return load()
  const { model, action, clientMethod, dataPath = [] } = call
  const cache = client[READ_CACHE]
  if (!cache)
    return Promise.reject(new InvalidArgumentError(clientMethod, 'cacheStrategy', 'needs a client with a cache'))
  const schema = client._engineConfig.inlineSchema
  const obstacle = obstacleOf(client, call)
  return cache.read({ model, action, clientMethod, args, dataPath, strategy, obstacle, schema }, load)
}

/** Rejects a `$transaction([...])` with such a call before any of it is sent: the others would wait for it forever. */
export function refuseInBatch(client: Client, batch: readonly unknown[]): Promise<unknown> | undefined {
  const call = batch.map(callOf).find((one) => one && strategyOf(one) !== undefined)
  // Never called: calls in a transaction are rejected.
  const ask = async (): Promise<undefined> => undefined
  return call && cachedRead(client, { ...call, transaction: { kind: 'batch', id: undefined } }, ask)
}

const strategyOf = ({ args }: ClientCall): unknown =>
  (args as { readonly cacheStrategy?: unknown } | null | undefined)?.cacheStrategy

function obstacleOf(client: Client, { model, action, transaction }: ClientCall) {
  if (model === undefined || !READS.has(action)) return 'write'
  if (transaction) return 'transaction'
  // A replica's result may be older than the entry would claim.
  if (client[SCOPE]?.route) return 'replica'
  return client._extensions.isEmpty() ? undefined : 'extension'
}
