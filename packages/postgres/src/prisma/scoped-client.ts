import type { Scope, Scopes } from '../identity/scope.js'
import type { PrismaClient } from '../schema/prisma.js'

/** Where a client and its promises keep what they belong to: what one call of `as()` gave, the service, or nobody. */
export const BELONGS_TO = Symbol('belongs to')

/** What carries a client's calls to the adapter. */
interface Engine {
  /** The one that all clients over one adapter share. */
  readonly shared?: Engine
  start(): Promise<void>
  stop(): Promise<void>
  request(...args: readonly unknown[]): Promise<unknown>
  requestBatch(...args: readonly unknown[]): Promise<unknown>
  transaction(...args: readonly unknown[]): Promise<unknown>
}

/** Merges `findUnique` calls of one tick into one query. */
interface RequestHandler {
  readonly logEmitter: unknown
  readonly constructor: new (client: Internals, logEmitter: unknown) => RequestHandler
}

/** The parts of Prisma's client that a scope has of its own. They are Prisma's business, so tests pin what they do. */
interface Internals {
  _originalClient: Internals
  _engine: Engine
  _requestHandler: RequestHandler
  readonly _extensions: object
  readonly _createPrismaPromise: (...args: readonly unknown[]) => object
  readonly $extends: (this: object, extension: object) => PrismaClient
}

/** Lets all that a client asks for itself run in `scope`; `undefined` is none, wherever the call comes from. */
export function runIn(scope: Scope | undefined, scopes: Scopes, client: PrismaClient): void {
  const original = internalsOf(client)
  original._engine = engineIn(scope, scopes, original._engine)
  mark(original, client)
}

/**
 * The same client in a scope: its calls go to the same engine, and say whose they are. It merges only its own, so that nobody's query is
 * answered in a query of another. Not one of Prisma's extensions, which would cost every query.
 */
export function scopedClient(scope: Scope, scopes: Scopes, client: PrismaClient): PrismaClient {
  const original = internalsOf(client)
  const scoped = Object.create(original, {
    _engine: { value: { ...engineIn(scope, scopes, original._engine), stop: async () => {} } }, // it is everybody's
  }) as Internals
  mark(scoped, scope)
  const Handler = original._requestHandler.constructor
  scoped._requestHandler = new Handler(scoped, original._requestHandler.logEmitter)
  scoped._originalClient = scoped // what is extended further stays in the scope
  // Prisma's own way to make a client that shares all but what is said, without an extension in it.
  const derived = { _originalClient: scoped, _extensions: { append: () => original._extensions } }
  const applied = original.$extends.call(derived, {})
  return Object.defineProperty(applied, '_appliedParent', { value: applied })
}

/** Lets a client and all promises that it makes say what they belong to: Prisma would not mind to mix them in one batch. */
function mark(client: Internals, owner: object): void {
  const create = client._createPrismaPromise
  const marked = (...args: readonly unknown[]): object => Object.assign(create(...args), { [BELONGS_TO]: owner })
  Object.defineProperty(client, BELONGS_TO, { value: owner })
  Object.defineProperty(client, '_createPrismaPromise', { value: marked })
}

function internalsOf(client: PrismaClient): Internals {
  return (client as unknown as Internals)._originalClient
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
