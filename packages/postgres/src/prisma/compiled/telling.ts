import type { ClientCall, ClientInternals, QueryEvent, TracingHelper } from '../../internals/prisma.js'

/** What Prisma sends, in its own words. */
interface Told {
  readonly sql: string
  readonly args: readonly unknown[]
}

/** As in OpenTelemetry. */
const SPAN_KIND_CLIENT = 2

type Emit = (query: QueryEvent) => unknown

/** Makes the spans and events of a compiled call, which are those that Prisma would make of it. */
export class QueryTelling {
  readonly #tracing: TracingHelper
  readonly #emit: Emit | undefined
  /** Where a plan has to be made for the call. */
  #compilesSince: number | undefined

  private constructor(tracing: TracingHelper, emit: Emit | undefined) {
    this.#tracing = tracing
    this.#emit = emit
  }

  /** Undefined where nobody listens. */
  static of({ _tracingHelper: tracing, _engineConfig }: ClientInternals): QueryTelling | undefined {
    const { logQueries, logEmitter } = _engineConfig
    if (!logQueries && !tracing.isEnabled()) return undefined
    return new QueryTelling(tracing, logQueries && logEmitter ? (event) => logEmitter.emit('query', event) : undefined)
  }

  /** The plan of the call is being made. */
  compiling(): void {
    this.#compilesSince = Date.now()
  }

  /** The call is on its way: not before, as what Prisma does with one that is left to it, it tells of itself. */
  begun({ model, action }: ClientCall): void {
    this.#tracing.runInChildSpan({ name: 'serialize' }, () => {})
    if (this.#compilesSince === undefined) return
    const attributes = { models: [model], actions: [action === 'count' ? 'aggregate' : action] }
    this.#tracing.runInChildSpan({ name: 'compile', attributes, startTime: this.#compilesSince }, () => {})
  }

  /** Around a statement. */
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
