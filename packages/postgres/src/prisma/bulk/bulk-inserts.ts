import { CallVariable } from '../../call-context/call-variable.js'
import type { AdapterQuery, ClientCall, ClientSchema, EngineRequest } from '../../internals/prisma.js'
import type { CallCounts } from '../compiled/call-counts.js'
import { type DataModel, dataModelOf } from '../data-model.js'
import { BulkInsert, LeftToPrisma } from './bulk-insert.js'
import { ColumnTypes } from './column-types.js'
import { readRows } from './rows.js'

/** The methods that accept many rows in one call. */
const BULK: ReadonlySet<string> = new Set(['createMany', 'createManyAndReturn'])

/**
 * An argument of a call that is passed to Prisma with a few of its rows, identifying the call. Prisma does not know the
 * argument: should it ever arrive without us, the call is rejected, and nothing is done in part.
 */
const MARK = '\0bulk insert'

/** The dependencies of bulk inserts. */
export interface BulkInsertsHost {
  /** Whether they are enabled. */
  readonly isOn: boolean
  /** The signal of the work that makes the current call, if it has one. */
  readonly signal: () => AbortSignal | undefined
  /** Called when the current transaction failed because a table was altered. */
  readonly onOutdated: () => void
  readonly counts: CallCounts
}

type Query = EngineRequest['protocolQuery']
type Request = (call: ClientCall) => Promise<unknown>

/** The query for Prisma, and the rows to send with its statement. */
export interface BulkQuery {
  readonly query: Query
  readonly insert: BulkInsert
}

/**
 * `createMany` and `createManyAndReturn` of two rows or more: each is recognized on its way through Prisma, and all of
 * its rows are put into the statement that Prisma generates for a few of them. Calls that are not fully understood are
 * left to Prisma.
 */
export class BulkInserts {
  readonly #host: BulkInsertsHost
  readonly #types = new ColumnTypes()
  /** Calls in progress that are not part of a batch, by their marks. */
  readonly #marked = new Map<number, BulkInsert>()
  /**
   * Those of batches, which are passed to Prisma as a whole: it checks all calls of a batch before it starts the first.
   */
  readonly #ofArguments = new WeakMap<object, BulkInsert>()
  readonly #ofQueries = new WeakMap<Query, BulkInsert>()
  readonly #current = new CallVariable<BulkInsert>()
  #lastMark = 0

  constructor(host: BulkInsertsHost) {
    this.#host = host
  }

  /**
   * Runs a call whose values are known to arrive unchanged, with `request`, which passes it to Prisma.
   * @throws the error that Prisma would throw.
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
    // The call was rejected with a few of its rows: Prisma reports the reason with all of them.
    this.#host.counts.byPrisma(call, NOT_TAKEN)
    return request(call)
  }

  async #runInBatch(insert: BulkInsert, call: ClientCall, request: Request): Promise<unknown> {
    const args = { ...(call.args as object) } // two calls may be passed the same arguments
    this.#ofArguments.set(args, insert)
    try {
      return await request({ ...call, args })
    } finally {
      if (insert.isSent) this.#host.counts.hit()
      else this.#host.counts.byPrisma(call, NOT_TAKEN)
    }
  }

  /** Records how a call of a batch was executed. */
  link({ args, protocolQuery }: EngineRequest): void {
    const insert = typeof args === 'object' && args !== null ? this.#ofArguments.get(args) : undefined
    if (insert) this.#ofQueries.set(protocolQuery, insert)
  }

  /** The query to pass to Prisma instead; undefined for the query itself. */
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

  /** Whether a query belongs to a batch: it contains all rows of its call. */
  isOfBatch(query: Query): boolean {
    return this.#ofQueries.has(query)
  }

  /** Calls `work`, which sends a call to the database. */
  within<T>(insert: BulkInsert, work: () => T): T {
    return this.#current.run(insert, work)
  }

  /** The rows to send with a statement of the current call. */
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
      isRepeatable: transaction?.kind !== 'itx',
      isAlone: !transaction && include === undefined && select === undefined,
      isSelfReferring: [...model.values()].some(({ kind, type }) => kind === 'object' && type === name),
    })
  }
}

/**
 * Whether Prisma must report what is wrong with a call, or execute it: it then processes all rows together, which takes
 * seconds if there are many. That a transaction is over (P2028) is known without it.
 */
function isForPrisma(error: unknown): boolean {
  const { name, code } = error as { readonly name?: string; readonly code?: string }
  return error instanceof LeftToPrisma || (name?.startsWith('PrismaClient') === true && code !== 'P2028')
}

const NOT_TAKEN = 'a call that Prisma rejects, or a statement of another form'

function withArguments(query: Query, given: Readonly<Record<string, unknown>>): Query {
  return { ...query, query: { ...query.query, arguments: given } }
}
