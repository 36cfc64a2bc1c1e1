import type { Scope } from '../../identity/scope.js'
import type { ClientCall, ClientInternals } from '../../internals/prisma.js'
import type { RawRows } from '../../statement/rows-statement.js'
import type { FlightOfRows, Runner } from '../../statement/runner.js'
import type { CallCounts } from './call-counts.js'
import { type Leaf, withLeaves } from './call-shape.js'
import { type CompiledPlan, Refused, type Run } from './compile-plan.js'
import type { CompiledQuery } from './db-query.js'
import { NotCompiled } from './plan.js'
import type { Planner } from './planner.js'
import type { QueryTelling } from './telling.js'
import { Unexpected } from './unexpected.js'

/** The dependencies of an execution. */
export interface ExecutionHost {
  readonly planner: Planner
  readonly runner: Runner
  /** The scope of a client's statements. */
  readonly scopeOf: (client: ClientInternals) => Scope | undefined
  /** Converts the driver's error into one that Prisma understands. */
  readonly toPrisma: (error: unknown) => unknown
  /** Retries a read whose connection was lost, as the adapter does. */
  readonly readAgain: <T>(sql: string, error: unknown, again: () => Promise<T>) => Promise<T>
}

/** Leaves a call to Prisma. */
export type PrismasWay = (call: ClientCall) => Promise<unknown>

/** A call in progress. */
export interface Pending {
  readonly client: ClientInternals
  readonly call: ClientCall
  readonly leaves: readonly Leaf[]
  readonly prismas: PrismasWay
  /** Unset without listeners. */
  readonly telling: QueryTelling | undefined
}

/** A statement that failed, as reported by Prisma's adapter. */
export class StatementFailure extends Error {
  override readonly name = 'StatementFailure'
  readonly told: unknown

  constructor(told: unknown) {
    super('a statement failed')
    this.told = told
  }
}

/** Runs compiled plans, and returns what Prisma would have returned, including its errors. */
export class Execution {
  readonly #host: ExecutionHost
  readonly #counts: CallCounts

  constructor(host: ExecutionHost, counts: CallCounts) {
    this.#host = host
    this.#counts = counts
  }

  /** Answers a call with its plan, or with Prisma if something unexpected occurs. */
  async answer(pending: Pending, compiled: CompiledPlan): Promise<unknown> {
    pending.telling?.begun(pending.call)
    await undefined // no external code runs inside the call: not even the pool's observers
    try {
      const { only } = compiled
      if (!only || pending.telling) return handedOut(await this.results(pending, compiled), pending.call)
      const scope = this.#host.scopeOf(pending.client)
      const values = { leaves: pending.leaves, slots: NO_SLOTS }
      const sent = { sql: only.query.sql, values: only.query.parameters(values) }
      let rows: RawRows
      try {
        rows = await this.#host.runner.rows(sent, scope)
      } catch (error) {
        rows = await this.#again(sent.sql, error, () => this.#host.runner.rows(sent, scope))
      }
      return handedOut(only.use(rows, values), pending.call)
    } catch (error) {
      return this.failed(pending, error)
    }
  }

  /**
   * The result of a plan.
   * @throws {StatementFailure}
   * @throws {Refused}
   * @throws {Unexpected} and any other error while rows are parsed.
   */
  async results({ client, leaves, telling }: Pending, compiled: CompiledPlan): Promise<unknown> {
    const scope = this.#host.scopeOf(client)
    const flight = compiled.only ? undefined : this.#host.runner.flight(scope)
    const run: Run = {
      leaves,
      slots: compiled.slots === 0 ? NO_SLOTS : new Array<unknown>(compiled.slots),
      send: (query) => this.#send(query, run, scope, flight, telling),
    }
    if (!flight) return compiled.run(run)
    try {
      return await compiled.run(run)
    } finally {
      flight.end()
    }
  }

  /**
   * Ends a call that its plan did not answer.
   * @throws the error that Prisma would throw.
   */
  async failed(pending: Pending, thrown: unknown): Promise<unknown> {
    const { planner } = this.#host
    let error: unknown
    if (thrown instanceof StatementFailure) error = await planner.errorOfStatement(thrown.told)
    else if (thrown instanceof Refused) error = await planner.errorOfNode(thrown.node, thrown.data)
    if (error !== undefined) return this.throwOn(pending, error)
    const isNamed = thrown instanceof Unexpected || thrown instanceof NotCompiled
    const call = asAsked(pending)
    return this.byPrisma({ ...pending, call }, isNamed ? thrown.message : 'a value that could not be read')
  }

  /** Throws the error that the caller gets for the engine's error. */
  throwOn({ client, call }: Pending, error: unknown): never {
    const { _requestHandler: handler, _globalOmit: globalOmit } = client
    return handler.handleAndLogRequestError({ ...call, modelName: call.model, globalOmit, error })
  }

  /** Leaves a call to Prisma, and counts why. */
  byPrisma({ call, prismas }: Pick<Pending, 'call' | 'prismas'>, reason: string): Promise<unknown> {
    this.#counts.byPrisma(call, reason)
    return prismas(call)
  }

  #send(
    query: CompiledQuery,
    run: Run,
    scope: Scope | undefined,
    flight: FlightOfRows | undefined,
    telling: QueryTelling | undefined,
  ): Promise<RawRows> {
    const sent = { sql: query.sql, values: query.parameters(run) }
    const rows = (): Promise<RawRows> => (flight ? flight.rows(sent) : this.#host.runner.rows(sent, scope))
    const read = (): Promise<RawRows> => rows().catch((error: unknown) => this.#again(sent.sql, error, rows))
    return telling ? telling.query(() => query.asPrisma(run), read) : read()
  }

  /** Retries a read whose connection was lost; any other failure is reported as by the adapter. */
  async #again(sql: string, thrown: unknown, rows: () => Promise<RawRows>): Promise<RawRows> {
    const { toPrisma, readAgain } = this.#host
    const again = async (): Promise<RawRows> => {
      try {
        return await rows()
      } catch (error) {
        throw toPrisma(error)
      }
    }
    try {
      return await readAgain(sql, toPrisma(thrown), again)
    } catch (error) {
      throw new StatementFailure(error)
    }
  }
}

const NO_SLOTS: unknown[] = []

/** The call with its original values: its caller may reuse the objects for the next call. */
export function asAsked({ call, leaves }: Pick<Pending, 'call' | 'leaves'>): ClientCall {
  return { ...call, args: withLeaves(call.args, (index) => leaves[index]) }
}

/** The result of a plan in the form of the caller's method. */
export function handedOut(result: unknown, { dataPath, unpacker }: ClientCall): unknown {
  const found = dataPath && dataPath.length > 0 ? at(result, dataPath) : result
  return unpacker ? unpacker(found) : found
}

/** The value a fluent call leads to: every second name, after the words `select` or `include`. */
function at(result: unknown, path: readonly string[]): unknown {
  let value = result
  for (let index = 1; index < path.length; index += 2)
    value = value && (value as Readonly<Record<string, unknown>>)[path[index] ?? '']
  return value
}
