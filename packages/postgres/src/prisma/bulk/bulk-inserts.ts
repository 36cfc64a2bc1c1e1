import { CallVariable } from '../../call-context/call-variable.js'
import type { AdapterQuery, ClientCall, ClientSchema, EngineRequest } from '../../internals/prisma.js'
import type { CallCounts } from '../compiled/call-counts.js'
import { type DataModel, dataModelOf } from '../data-model.js'
import { BulkInsert, UnknownStatement } from './bulk-insert.js'
import { ColumnTypes } from './column-types.js'
import { readRows } from './rows.js'

/** The methods that take many rows at once. */
const BULK: ReadonlySet<string> = new Set(['createMany', 'createManyAndReturn'])

/**
 * Stands among the arguments of a call that goes to Prisma with a few of its rows, and says which call it is. Prisma
 * knows no such argument: should it ever come by without us, it is refused, and nothing is done in part.
 */
const MARK = '\0bulk insert'

/** What bulk inserts need of what is around them. */
export interface BulkInsertsHost {
  /** Whether they are made at all. */
  readonly isOn: boolean
  /** The signal of the work that makes the current call, where it has one. */
  readonly signal: () => AbortSignal | undefined
  /** Told that the transaction that is under way failed over a table which had been altered. */
  readonly onOutdated: () => void
  readonly counts: CallCounts
}

type Query = EngineRequest['protocolQuery']
type Request = (call: ClientCall) => Promise<unknown>

/** A query that Prisma is to be asked, and the rows that go with its statement. */
export interface BulkQuery {
  readonly query: Query
  readonly insert: BulkInsert
}

/**
 * `createMany` and `createManyAndReturn` of two rows and more: each is found again on its way through Prisma, and all
 * of its rows put into the statement that Prisma makes for a few of them. What is not understood whole goes Prisma's
 * way.
 */
export class BulkInserts {
  readonly #host: BulkInsertsHost
  readonly #types = new ColumnTypes()
  /** Calls under way that are no part of a batch, by their marks. */
  readonly #marked = new Map<number, BulkInsert>()
  /** Those of batches, which go to Prisma whole: it checks all calls of a batch before it begins with the first. */
  readonly #ofArguments = new WeakMap<object, BulkInsert>()
  readonly #ofQueries = new WeakMap<Query, BulkInsert>()
  readonly #current = new CallVariable<BulkInsert>()
  #lastMark = 0

  constructor(host: BulkInsertsHost) {
    this.#host = host
  }

  /**
   * Runs a call, whose values are known to arrive as they are, by `request`, which takes it to Prisma.
   * @throws what Prisma would throw.
   */
  run(client: ClientSchema, call: ClientCall, request: Request): Promise<unknown> {
    if (!this.#host.isOn || !BULK.has(call.action)) return request(call)
    const insert = this.#insertOf(call, dataModelOf(client))
    if (typeof insert === 'string') {
      this.#host.counts.byPrisma(call, insert)
      return request(call)
    }
    return call.transaction?.kind === 'batch'
      ? this.#runInBatch(insert, call, request)
      : this.#runAlone(insert, call, request)
  }

  async #runAlone(insert: BulkInsert, call: ClientCall, request: Request): Promise<unknown> {
    this.#lastMark += 1
    const mark = this.#lastMark
    this.#marked.set(mark, insert)
    try {
      const result = await request({ ...call, args: { ...(call.args as object), data: insert.examples, [MARK]: mark } })
      this.#host.counts.hit()
      return result
    } catch (error) {
      if (insert.isSent || !isForPrisma(error)) {
        this.#host.counts.hit()
        throw error
      }
    } finally {
      this.#marked.delete(mark)
    }
    // Refused with a few of its rows: Prisma says why with all of them.
    this.#host.counts.byPrisma(call, NOT_TAKEN)
    return request(call)
  }

  async #runInBatch(insert: BulkInsert, call: ClientCall, request: Request): Promise<unknown> {
    const args = { ...(call.args as object) } // two calls may be given the same
    this.#ofArguments.set(args, insert)
    try {
      return await request({ ...call, args })
    } finally {
      if (insert.isSent) this.#host.counts.hit()
      else this.#host.counts.byPrisma(call, NOT_TAKEN)
    }
  }

  /** Notes what a call of a batch has become. */
  link({ args, protocolQuery }: EngineRequest): void {
    const insert = typeof args === 'object' && args !== null ? this.#ofArguments.get(args) : undefined
    if (insert) this.#ofQueries.set(protocolQuery, insert)
  }

  /** What Prisma is to be asked in place of a query; undefined for the query itself. */
  find(query: Query): BulkQuery | undefined {
    const given = query.query.arguments ?? {}
    const mark = given[MARK]
    if (mark !== undefined) {
      const insert = this.#marked.get(mark as number)
      const { [MARK]: _, ...others } = given
      return insert && { insert, query: withArguments(query, others) }
    }
    const insert = this.#ofQueries.get(query)
    if (!insert) return undefined
    const rows = given['data'] as readonly unknown[]
    const data = insert.exampleIndexes.map((index) => rows[index])
    return { insert, query: withArguments(query, { ...given, data }) }
  }

  /** Calls `work`, which takes a call to the database. */
  within<T>(insert: BulkInsert, work: () => T): T {
    return this.#current.run(insert, work)
  }

  /** The rows that go with a statement of the call that is under way. */
  of(query: AdapterQuery): BulkInsert | undefined {
    const insert = this.#current.current
    return insert?.takes(query) ? insert : undefined
  }

  #insertOf(call: ClientCall, dataModel: DataModel): BulkInsert | string {
    const { args, model: name = '', transaction } = call
    const model = dataModel.get(name)
    if (!model || typeof args !== 'object' || args === null) return 'arguments of another kind'
    const { data, include, select } = args as Readonly<Record<string, unknown>>
    const rows = readRows(data, model)
    if (typeof rows === 'string') return rows
    return new BulkInsert(rows, {
      model,
      types: this.#types,
      signal: this.#host.signal(),
      onOutdated: this.#host.onOutdated,
      isAlone: !transaction && include === undefined && select === undefined,
      isSelfReferring: [...model.values()].some(({ kind, type }) => kind === 'object' && type === name),
    })
  }
}

/**
 * Whether Prisma has to say what is wrong with a call, or to make it: it then takes all of the rows in one go, for
 * seconds, if they are many. That a transaction is over (P2028) is known without.
 */
function isForPrisma(error: unknown): boolean {
  const { name, code } = error as { readonly name?: string; readonly code?: string }
  return error instanceof UnknownStatement || (name?.startsWith('PrismaClient') === true && code !== 'P2028')
}

const NOT_TAKEN = 'a call that Prisma refuses, or a statement of another form'

function withArguments(query: Query, given: Readonly<Record<string, unknown>>): Query {
  return { ...query, query: { ...query.query, arguments: given } }
}
