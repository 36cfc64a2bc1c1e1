import type { Scope, Scopes } from '../identity/scope.js'
import {
  type ClientInternals,
  derivedClient,
  type Engine,
  internalsOfClient,
  ownRequestHandler,
} from '../internals/prisma.js'
import type { PrismaClient } from '../schema/prisma.js'
import { bulkEngine } from './bulk/bulk-engine.js'
import type { BulkInserts } from './bulk/bulk-inserts.js'
import { dataModelOf } from './data-model.js'
import { MergedReads, type MergedReadsSurroundings } from './merged-reads.js'

/** Where a client keeps who its statements run as. */
export const SCOPE = Symbol('scope')
/** Where a client and its promises keep what they belong to: what one call of `as()` gave, the service, or nobody. */
export const BELONGS_TO = Symbol('belongs to')

/** What a client shares with those of other scopes. */
export interface ClientSurroundings {
  readonly scopes: Scopes
  readonly bulk: BulkInserts
  /** The work that calls, which may cancel what is asked for it. */
  readonly workOf: () => object | undefined
}

/**
 * Lets all that a client asks for itself run in `scope`; `undefined` is none, wherever the call comes from. Reads of
 * one tick are merged where `workOf` gives the same for all of them.
 */
export function runIn(
  scope: Scope | undefined,
  { scopes, bulk, workOf }: ClientSurroundings,
  client: PrismaClient,
): void {
  const original = internalsOfClient(client)
  const { transactionOptions } = original._engineConfig
  original._engine = engineIn(scope, scopes, bulkEngine(original._engine, bulk, transactionOptions))
  Object.defineProperty(original, SCOPE, { value: scope })
  mergeReads(original, { workOf, link: (request) => bulk.link(request) })
  mark(original, client)
}

/**
 * The same client in a scope: its calls go to the same engine, and say whose they are. It merges only its own, so that
 * nobody's query is answered in a query of another. Not one of Prisma's extensions, which would cost every query.
 */
export function scopedClient(scope: Scope, scopes: Scopes, client: PrismaClient): PrismaClient {
  const original = internalsOfClient(client)
  const scoped = Object.create(original, {
    _engine: { value: { ...engineIn(scope, scopes, original._engine), stop: async () => {} } }, // it is everybody's
  }) as ClientInternals
  Object.defineProperty(scoped, SCOPE, { value: scope })
  mark(scoped, scope)
  scoped._requestHandler = ownRequestHandler(scoped, original)
  const { dataloader } = original._requestHandler
  if (dataloader instanceof MergedReads) mergeReads(scoped, dataloader.surroundings)
  scoped._originalClient = scoped // what is extended further stays in the scope
  return derivedClient(original, scoped)
}

/** Lets reads of one tick be merged our way, which gives each caller what they would have got alone. */
function mergeReads(client: ClientInternals, surroundings: MergedReadsSurroundings): void {
  const handler = client._requestHandler
  handler.dataloader = new MergedReads(handler.dataloader, dataModelOf(client), surroundings)
}

/**
 * Lets a client and all promises that it makes say what they belong to: Prisma would not mind to mix them in one batch.
 */
function mark(client: ClientInternals, owner: object): void {
  const create = client._createPrismaPromise
  const marked = (...args: readonly unknown[]): object => Object.assign(create(...args), { [BELONGS_TO]: owner })
  Object.defineProperty(client, BELONGS_TO, { value: owner })
  Object.defineProperty(client, '_createPrismaPromise', { value: marked })
}

function engineIn(scope: Scope | undefined, scopes: Scopes, given: Engine): Engine {
  const engine = given.shared ?? given
  return {
    shared: engine,
    start: () => engine.start(),
    stop: () => engine.stop(),
    request: (...args) => scopes.run(scope, () => engine.request(...args)),
    requestBatch: (...args) => scopes.run(scope, () => engine.requestBatch(...args)),
    transaction: (...args) => scopes.run(scope, () => engine.transaction(...args)),
  }
}
