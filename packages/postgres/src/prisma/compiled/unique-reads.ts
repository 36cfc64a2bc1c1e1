import { toPostgresError } from '../../errors/map-error.js'
import type { ClientInternals } from '../../internals/prisma.js'
import type { DataModel } from '../data-model.js'
import { OF_ONE_CALLER } from '../merged-reads.js'
import { canonicalizeKey } from '../unique-key.js'
import type { Leaf } from './call-shape.js'
import type { CompiledPlan } from './compile-plan.js'
import { copyOf } from './copy-of.js'
import { asAsked, type Execution, handedOut, type Pending, StatementFailure } from './execution.js'
import type { Row } from './row-readers.js'
import type { UniquePlan } from './unique-plan.js'

/** A finished plan, and that of several calls of its kind once it was requested. */
export interface UniqueShape {
  readonly compiled: CompiledPlan
  /** Undefined if Prisma queries several keys in another way. */
  merged?: Promise<MergedPlan | undefined>
}

export interface MergedPlan extends Omit<UniquePlan, 'plan'> {
  readonly compiled: CompiledPlan
}

interface Job {
  readonly pending: Pending
  /** The key in the server's canonical form. */
  readonly key: Leaf
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Calls that one statement may answer: calls of one client, for one piece of work, of one plan. */
interface Group {
  readonly client: ClientInternals
  readonly work: object | undefined
  readonly shape: UniqueShape
  readonly jobs: Job[]
}

/**
 * Answers the `findUnique` calls of one tick with one statement, each as if it were alone, by the rules of
 * `MergedReads`; calls that it cannot merge are left to that.
 */
export class UniqueReads {
  readonly #execution: Execution
  readonly #dataModelOf: (client: ClientInternals) => DataModel
  readonly #workOf: () => object | undefined
  readonly #mergedPlan: (one: Pending, other: Pending) => Promise<MergedPlan | undefined>
  #tick: Group[] = []

  constructor(
    execution: Execution,
    options: {
      readonly dataModelOf: (client: ClientInternals) => DataModel
      /** The calling work, which may cancel its queries; calls of other work are not merged with it. */
      readonly workOf: () => object | undefined
      /** The plan of calls like these two; undefined if there is none. */
      readonly mergedPlan: (one: Pending, other: Pending) => Promise<MergedPlan | undefined>
    },
  ) {
    this.#execution = execution
    this.#dataModelOf = options.dataModelOf
    this.#workOf = options.workOf
    this.#mergedPlan = options.mergedPlan
  }

  answer(pending: Pending, shape: UniqueShape): Promise<unknown> {
    const key = this.#keyOf(pending)
    if (key === undefined) return this.#execution.answer(pending, shape.compiled)
    const { client } = pending
    const work = this.#workOf()
    return new Promise((resolve, reject) => {
      const job = { pending, key, resolve, reject }
      const group = this.#tick.find((one) => one.client === client && one.work === work && one.shape === shape)
      if (group) return void group.jobs.push(job)
      const jobs = [job]
      this.#tick.push({ client, work, shape, jobs })
      // Within the context of each group's first call: the query belongs to its work.
      process.nextTick(() => {
        this.#tick = this.#tick.filter((one) => one.jobs !== jobs)
        void this.#flush(jobs, shape)
      })
    })
  }

  /** Undefined for a key that is queried alone, because the server may treat another spelling as equal. */
  #keyOf({ client, call }: Pending): Leaf | undefined {
    const { where } = call.args as { readonly where?: Record<string, unknown> }
    const model = this.#dataModelOf(client).get(call.model ?? '')
    if (!where || !model) return undefined
    const [name = '', ...others] = Object.keys(where)
    const value = where[name]
    const carried = typeof value === 'bigint' ? { $type: 'BigInt', value: String(value) } : value
    const canonical = { [name]: carried }
    if (others.length > 0 || !canonicalizeKey(canonical, model)) return undefined
    return canonical[name] === carried ? (value as Leaf) : (canonical[name] as Leaf)
  }

  /** Never rejects. */
  async #flush(jobs: readonly Job[], shape: UniqueShape): Promise<void> {
    const [first, second] = differing(jobs)
    if (!first) return
    if (jobs.length === 1) return settled(first, this.#execution.answer(first.pending, shape.compiled))
    const isPlain = second && jobs.every(({ pending: { leaves, telling } }) => leaves.length === 1 && !telling)
    if (isPlain) shape.merged ??= this.#mergedPlan(first.pending, second.pending)
    const merged = isPlain ? await shape.merged : undefined
    if (merged) await this.#merge(jobs, merged, shape)
    else await Promise.all(jobs.map((job) => settled(job, this.#leave(job))))
  }

  async #merge(jobs: readonly Job[], merged: MergedPlan, { compiled }: UniqueShape): Promise<void> {
    const [first] = jobs as [Job]
    const keys = [...new Set(jobs.map(({ key }) => key))]
    try {
      const rows = (await this.#execution.results({ ...first.pending, leaves: [keys] }, merged.compiled)) as Row[]
      const byKey = new Map(rows.map((row) => [textOf(row[merged.key]), row]))
      if (!merged.isKeySelected) for (const row of rows) delete row[merged.key]
      const given = new Set<Row>()
      for (const job of jobs) {
        const row = byKey.get(textOf(job.key))
        const own = row && given.has(row) ? (copyOf(row) as Row) : row
        if (row) given.add(row)
        this.#give(job, own, merged)
      }
    } catch (error) {
      const isOfOne = !(error instanceof StatementFailure) || OF_ONE_CALLER.has(toPostgresError(error.told).code)
      for (const job of jobs) {
        if (isOfOne) await settled(job, this.#execution.answer(job.pending, compiled))
        else await settled(job, this.#execution.failed(job.pending, error))
      }
    }
  }

  #leave({ pending }: Job): Promise<unknown> {
    return this.#execution.byPrisma({ ...pending, call: asAsked(pending) }, 'several of one tick by more than a key')
  }

  #give(job: Job, row: Row | undefined, { expectsRow }: MergedPlan): void {
    if (row || !expectsRow) job.resolve(handedOut(row ?? null, job.pending.call))
    else void settled(job, (async () => this.#execution.throwOn(job.pending, NOT_FOUND))())
  }
}

/** Prisma's wording for one of several. */
const NOT_FOUND = Object.freeze({
  code: 'P2025',
  message: 'An operation failed because it depends on one or more records that were required but not found',
  meta: {},
})

function settled({ resolve, reject }: Job, answer: Promise<unknown>): Promise<void> {
  return answer.then(resolve, reject)
}

/** The first, and the first with a different key. */
function differing(jobs: readonly Job[]): readonly [Job | undefined, Job | undefined] {
  const [first] = jobs
  return [first, jobs.find(({ key }) => key !== first?.key)]
}

const textOf = (key: unknown): string => String(key)
