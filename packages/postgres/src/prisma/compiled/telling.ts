import type { ClientCall, ClientInternals, QueryEvent, TracingHelper } from '../../internals/prisma.js'

/** The names of Prisma's events. */
interface Told {
  readonly sql: string
  readonly args: readonly unknown[]
}

/** As defined by OpenTelemetry. */
const SPAN_KIND_CLIENT = 2

type Emit = (query: QueryEvent) => unknown

/** Creates the spans and events of a compiled call, the same as Prisma's. */
export class QueryTelling {
  readonly #tracing: TracingHelper
  readonly #emit: Emit | undefined
  /** Set if a plan must be created for the call. */
  #compilesSince: number | undefined

  private constructor(tracing: TracingHelper, emit: Emit | undefined) {
    this.#tracing = tracing
    this.#emit = emit
  }

  /** Undefined without listeners. */
  static of({ _tracingHelper: tracing, _engineConfig }: ClientInternals): QueryTelling | undefined {
    const { logQueries, logEmitter } = _engineConfig
    if (!logQueries && !tracing.isEnabled()) return undefined
    return new QueryTelling(tracing, logQueries && logEmitter ? (event) => logEmitter.emit('query', event) : undefined)
  }

  /** The call's plan is being created. */
  compiling(): void {
    this.#compilesSince = Date.now()
  }

  /** The call is being executed: reported no earlier, because Prisma itself reports calls that are left to it. */
  begun({ model, action }: ClientCall): void {
    this.#tracing.runInChildSpan({ name: 'serialize' }, () => {})
    if (this.#compilesSince === undefined) return
    const attributes = { models: [model], actions: [action === 'count' ? 'aggregate' : action] }
    this.#tracing.runInChildSpan({ name: 'compile', attributes, startTime: this.#compilesSince }, () => {})
  }

  /** Wraps a statement. */
  query<T>(tell: () => Told, execute: () => Promise<T>): Promise<T> {
    const told = tell()
    const emit = this.#emit
    const callback = emit ? () => timed(told, emit, execute) : execute
    if (!this.#tracing.isEnabled()) return callback()
    const attributes = { 'db.query.text': told.sql, 'db.system.name': 'postgresql' }
    return this.#tracing.runInChildSpan({ name: 'db_query', kind: SPAN_KIND_CLIENT, attributes }, callback)
  }
}

async function timed<T>({ sql, args }: Told, emit: Emit, execute: () => Promise<T>): Promise<T> {
  const timestamp = new Date()
  const startedAt = performance.now()
  const result = await execute()
  const duration = performance.now() - startedAt
  emit({ timestamp, duration, query: sql, params: JSON.stringify(args, asText), target: 'ClientEngine' })
  return result
}

function asText(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (!ArrayBuffer.isView(value)) return value
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
}
