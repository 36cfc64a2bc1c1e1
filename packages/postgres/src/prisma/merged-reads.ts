import type { PostgresErrorCode } from '../errors/codes.js'
import { toPostgresError } from '../errors/map-error.js'
import type { DataLoader, EngineRequest } from '../internals/prisma.js'
import type { DataModel } from './data-model.js'
import { canonicalizeCursors, canonicalizeKey } from './unique-key.js'

interface Job {
  readonly request: EngineRequest
  /** Equal for requests that one statement can answer; undefined for a request that is sent alone. */
  readonly shape: string | undefined
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/** A row that was read for one caller: for the others it may succeed separately. */
const OF_ONE_ROW: ReadonlySet<PostgresErrorCode> = new Set(['postgres.unreadable_value'])
/**
 * The same, and failures that may be caused by one caller's values. In a transaction such a failure has ended it for
 * all.
 */
export const OF_ONE_CALLER: ReadonlySet<PostgresErrorCode> = new Set([
  ...OF_ONE_ROW,
  'postgres.invalid_query',
  'postgres.invalid_value',
  'postgres.failed',
])

/** The dependencies of a client's calls. */
export interface MergedReadsSurroundings {
  /** The calling work, which may cancel its queries; calls of other work are not merged with it. */
  readonly workOf: () => object | undefined
  /** Called with each request before it is processed. */
  readonly link: (request: EngineRequest) => void
}

/**
 * Answers the `findUnique` calls of one tick with one statement, as Prisma does, but each as if it were alone.
 *
 * Prisma merges all calls with the same keys, and finds each caller's row by comparing texts: a UUID in capitals is
 * then never found, and one malformed id fails all calls. It also merges everything else that one tick requests in a
 * transaction; operations after a failure there resolve to undefined without being executed. Therefore only keys that
 * are equal here if and only if they are equal to the server are merged, with exactly the same selection; a merged
 * statement that fails because of one value is repeated for each caller; and the operations of a transaction run one
 * after another.
 */
export class MergedReads implements DataLoader {
  readonly options: DataLoader['options']
  readonly #ofPrisma: DataLoader
  readonly #dataModel: DataModel
  readonly surroundings: MergedReadsSurroundings
  /** The requests of this tick, by their work and shape. */
  readonly #tick = new Map<object | undefined, Map<string, Job[]>>()
  /** Requests waiting for their turn in each transaction. */
  readonly #lines = new Map<unknown, Job[]>()

  constructor(ofPrisma: DataLoader, dataModel: DataModel, surroundings: MergedReadsSurroundings) {
    this.surroundings = surroundings
    this.options = ofPrisma.options
    this.#ofPrisma = ofPrisma
    this.#dataModel = dataModel
  }

  request(request: EngineRequest): Promise<unknown> {
    this.surroundings.link(request)
    const shape = this.#shapeOf(request)
    const { transaction } = request
    if (transaction?.kind === 'batch') return this.#ofPrisma.request(request)
    if (transaction) return this.#inLine(request, shape, transaction.id)
    return shape === undefined ? this.options.singleLoader(request) : this.#inTick(request, shape)
  }

  /** The common part of requests that one statement can answer. */
  #shapeOf({ protocolQuery: { action, modelName = '', query } }: EngineRequest): string | undefined {
    const model = this.#dataModel.get(modelName)
    if (model) canonicalizeCursors(query, model, this.#dataModel)
    if (action !== 'findUnique' && action !== 'findUniqueOrThrow') return undefined
    const { where, ...others } = query.arguments ?? {}
    if (!model || typeof where !== 'object' || where === null) return undefined
    const isExact = canonicalizeKey(where as Record<string, unknown>, model)
    if (!isExact || Object.keys(others).length > 0) return undefined
    return `${modelName} ${action} ${keysOf(where)} ${JSON.stringify(query.selection)}`
  }

  #inTick(request: EngineRequest, shape: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const job = { request, shape, resolve, reject }
      const work = this.surroundings.workOf()
      const ofWork = this.#tick.get(work) ?? new Map<string, Job[]>()
      const jobs = ofWork.get(shape)
      if (jobs) return void jobs.push(job)
      this.#tick.set(work, ofWork.set(shape, [job]))
      // Each group within the context of its first call: the query belongs to its work.
      process.nextTick(() => {
        const group = ofWork.get(shape) ?? []
        ofWork.delete(shape)
        if (ofWork.size === 0) this.#tick.delete(work)
        void this.#answer(group, OF_ONE_CALLER)
      })
    })
  }

  #inLine(request: EngineRequest, shape: string | undefined, transaction: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const job = { request, shape, resolve, reject }
      const line = this.#lines.get(transaction)
      if (line) return void line.push(job)
      this.#lines.set(transaction, [job])
      process.nextTick(() => void this.#advance(transaction))
    })
  }

  async #advance(transaction: unknown): Promise<void> {
    const line = this.#lines.get(transaction) ?? []
    while (line.length > 0) {
      const [{ shape } = {}] = line
      const end = shape === undefined ? 1 : line.findIndex((job) => job.shape !== shape)
      await this.#answer(line.splice(0, end < 0 ? line.length : end), OF_ONE_ROW)
    }
    this.#lines.delete(transaction)
  }

  /**
   * Queries all of them together, or the only one; each separately after a failure that one of them may have caused.
   * Never rejects.
   */
  async #answer(jobs: readonly Job[], ofOne: ReadonlySet<PostgresErrorCode>): Promise<void> {
    const [first] = jobs
    if (first && jobs.length === 1) return this.#ask(first)
    try {
      const answers = await this.options.batchLoader(jobs.map(({ request }) => request))
      for (const [index, job] of jobs.entries()) settle(job, answers[index])
    } catch (error) {
      if (ofOne.has(toPostgresError(error).code)) for (const job of jobs) await this.#ask(job)
      else for (const { reject } of jobs) reject(error)
    }
  }

  async #ask(job: Job): Promise<void> {
    await this.options.singleLoader(job.request).then((answer) => settle(job, answer), job.reject)
  }
}

function settle({ resolve, reject }: Job, answer: unknown): void {
  if (answer instanceof Error) reject(answer)
  else resolve(answer)
}

/** The names in a key, including those of a compound one. */
function keysOf(where: object): string {
  const [[name = '', value] = []] = Object.entries(where)
  return typeof value === 'object' && value !== null && !('$type' in value) ? Object.keys(value).sort().join() : name
}
