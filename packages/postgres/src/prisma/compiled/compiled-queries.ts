import type { Logger } from '@miyabi/core'
import { type ClientCall, type ClientInternals, decimalOf, type Extensions } from '../../internals/prisma.js'
import type { CompiledQueryStats } from '../../stats.js'
import type { DataModel } from '../data-model.js'
import { READS } from '../reads.js'
import type { CallCounts } from './call-counts.js'
import { type CallShape, shapeOf } from './call-shape.js'
import { type CompiledPlan, compilePlan } from './compile-plan.js'
import { asAsked, Execution, type ExecutionHost, type Pending, type PrismasWay } from './execution.js'
import { NotCompiled, type Plan } from './plan.js'
import { type Known, Shapes } from './shapes.js'
import { QueryTelling } from './telling.js'
import { type MergedPlan, UniqueReads } from './unique-reads.js'

const BY_KEY: ReadonlySet<string> = new Set(['findUnique', 'findUniqueOrThrow'])

/** The dependencies of compiled queries. */
export interface CompiledQueriesHost extends ExecutionHost {
  readonly dataModelOf: (client: ClientInternals) => DataModel
  /** Counts how calls were executed. */
  readonly counts: CallCounts
  /** The calling work, which may cancel its queries. */
  readonly workOf: () => object | undefined
  /** Rejects values that would arrive changed. */
  readonly refuseChangedValues: (client: ClientInternals, call: ClientCall) => void
  /** Gets one warning if everything is switched off. */
  readonly logger: Logger | undefined
}

/**
 * Executes reads with Prisma's own plans, compiled to functions once per shape of call: the statements, results and
 * errors are those that Prisma would have sent, returned and thrown, in a fraction of its time.
 *
 * Calls that are not fully understood are left to Prisma, and counted with the reason.
 */
export class CompiledQueries {
  readonly #host: CompiledQueriesHost
  readonly #counts: CallCounts
  readonly #execution: Execution
  readonly #uniqueReads: UniqueReads
  /** The plans of all clients without computed fields, and of the others by their extensions. */
  readonly #shapes = new Shapes()
  readonly #shapesOf = new WeakMap<Extensions, Shapes>()
  #off: string | undefined

  constructor(host: CompiledQueriesHost) {
    this.#host = host
    this.#counts = host.counts
    this.#execution = new Execution(host, this.#counts)
    this.#uniqueReads = new UniqueReads(this.#execution, {
      dataModelOf: host.dataModelOf,
      workOf: host.workOf,
      mergedPlan: (one, other) => this.#mergedPlan(one, other),
    })
  }

  get stats(): CompiledQueryStats {
    return this.#counts.stats(this.#off)
  }

  /** Leaves all further calls to Prisma, with a warning, because this was not configured. */
  switchOff(reason: string): void {
    if (this.#off !== undefined) return
    this.leaveOff(reason)
    const message = `Reads are not compiled, and take as long as in Prisma: ${reason}`
    this.#host.logger?.warn({ event: 'postgres.compiled_queries.off', reason }, message)
  }

  /** Does the same without a warning. */
  leaveOff(reason: string): void {
    this.#off = reason
  }

  /** Frees the memory of the compiler. */
  close(): Promise<void> {
    return this.#host.planner.close()
  }

  /**
   * Answers a call, itself or with `prismas`, which leaves it to Prisma.
   * @throws the error that Prisma would throw.
   */
  run(client: ClientInternals, call: ClientCall, prismas: PrismasWay): Promise<unknown> {
    if (this.#off !== undefined || !READS.has(call.action)) return prismas(call)
    if (call.transaction) return this.#execution.byPrisma({ call, prismas }, 'in a transaction')
    const { model = '', action, args } = call
    const shape = shapeOf(model, action, args)
    if (!shape) return this.#execution.byPrisma({ call, prismas }, 'an argument that is not a plain value')
    if (shape.mayChange) {
      try {
        this.#host.refuseChangedValues(client, call)
      } catch (error) {
        return Promise.reject(error)
      }
    }
    const shapes = this.#shapesFor(client)
    const known = shapes.find(shape.key, shape.leaves)
    if (!known && shapes.isFirst(shape.key)) {
      this.#counts.miss()
      return prismas(call)
    }
    const { leaves } = shape
    const pending = { client, call, leaves, prismas, telling: QueryTelling.of(client) }
    if (!known) return this.#learned({ ...pending, call: asAsked(pending) }, shape, shapes)
    if (known.compiled) this.#counts.hit()
    return this.#answer(pending, known)
  }

  #answer(pending: Pending, known: Known): Promise<unknown> {
    if (!known.compiled) return this.#execution.byPrisma(pending, known.reason)
    if (BY_KEY.has(pending.call.action)) return this.#uniqueReads.answer(pending, known)
    return this.#execution.answer(pending, known.compiled)
  }

  /** Requests a missing plan, once for all calls that wait for it, and continues with it. */
  async #learned(pending: Pending, shape: CallShape, shapes: Shapes): Promise<unknown> {
    const before = shapes.asked.get(shape.key)
    if (before) {
      await before
      const ready = shapes.find(shape.key, shape.leaves)
      if (ready?.compiled) this.#counts.hit()
      if (ready) return this.#answer(pending, ready)
    }
    // The plan for a shape's second call is cached by Prisma since the first.
    if (shapes.has(shape.key)) pending.telling?.compiling()
    const asking = this.#ask(pending, shape, shapes)
    shapes.asked.set(shape.key, asking)
    const known = await asking
    if (shapes.asked.get(shape.key) === asking) shapes.asked.delete(shape.key)
    if (!known) return this.#execution.byPrisma(pending, 'a call that Prisma rejects')
    if (known.compiled) this.#counts.hit()
    return this.#answer(pending, known)
  }

  /** Never rejects; undefined if Prisma rejects the call, which then reports the error itself. */
  async #ask({ client, call }: Pending, shape: CallShape, shapes: Shapes): Promise<Known | undefined> {
    let names: Plan['names'] | undefined
    const keep = (known: Known): Known => {
      shapes.keep(shape.key, shape.leaves, names, known)
      return known
    }
    try {
      const plan = await this.#host.planner.plan(client, call, shape)
      names = plan.names
      return keep({ compiled: this.#compiled(client, plan) })
    } catch (error) {
      if (!(error instanceof NotCompiled)) return undefined
      if (error.isUnknown) this.switchOff(error.message)
      return keep({ reason: error.message })
    }
  }

  /** Never rejects. */
  async #mergedPlan(one: Pending, other: Pending): Promise<MergedPlan | undefined> {
    try {
      const { plan, ...merged } = await this.#host.planner.planOfUnique(one.client, [one.call, other.call])
      return { ...merged, compiled: this.#compiled(one.client, plan) }
    } catch {
      return undefined
    }
  }

  #compiled(client: ClientInternals, plan: Plan): CompiledPlan {
    const { prismaTypes } = this.#host.runner
    if (!prismaTypes) throw new NotCompiled('rows that nothing reads yet')
    return compilePlan(plan, { types: prismaTypes, Decimal: decimalOf(client) })
  }

  /** Computed fields change what a call selects; an extension of any other kind does not. */
  #shapesFor({ _extensions: extensions, _runtimeDataModel }: ClientInternals): Shapes {
    if (extensions.isEmpty()) return this.#shapes
    const known = this.#shapesOf.get(extensions)
    if (known) return known
    const models = Object.keys(_runtimeDataModel.models)
    const isComputing = models.some((model) => extensions.getAllComputedFields(model) !== undefined)
    const shapes = isComputing ? new Shapes() : this.#shapes
    this.#shapesOf.set(extensions, shapes)
    return shapes
  }
}
