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

/** The property that holds the scope of a client's statements. */
export const SCOPE = Symbol('scope')
/** The property that holds the owner of a client and its promises: one result of `as()`, the service, or none. */
export const BELONGS_TO = Symbol('belongs to')

/** What clients of different scopes share. */
export interface ClientSurroundings {
  readonly scopes: Scopes
  readonly bulk: BulkInserts
  /** The calling work, which may cancel its queries. */
  readonly workOf: () => object | undefined
}

/**
 * Makes all of a client's own calls run in `scope`; `undefined` means none, wherever the call comes from. Reads of one
 * tick are merged if `workOf` returns the same for all of them.
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
 * The same client in a scope: its calls go to the same engine, with their identity. It merges only its own calls, so
 * that no query is answered within another identity's query. Not a Prisma extension, which would slow down every query.
 */
export function scopedClient(scope: Scope, scopes: Scopes, client: PrismaClient): PrismaClient {
  const original = internalsOfClient(client)
  const scoped = Object.create(original, {
    _engine: { value: { ...engineIn(scope, scopes, original._engine), stop: async () => {} } }, // it is shared by all
  }) as ClientInternals
  Object.defineProperty(scoped, SCOPE, { value: scope })
  mark(scoped, scope)
  scoped._requestHandler = ownRequestHandler(scoped, original)
  const { dataloader } = original._requestHandler
  if (dataloader instanceof MergedReads) mergeReads(scoped, dataloader.surroundings)
  scoped._originalClient = scoped // further extensions stay in the scope
  return derivedClient(original, scoped)
}

/** Merges the reads of one tick in our way, which gives each caller the result it would get alone. */
function mergeReads(client: ClientInternals, surroundings: MergedReadsSurroundings): void {
  const handler = client._requestHandler
  handler.dataloader = new MergedReads(handler.dataloader, dataModelOf(client), surroundings)
}

/** Marks a client and all its promises with their owner: Prisma would allow mixing owners in one batch. */
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
