import type { Database } from '../context/context.js'
import { DatabaseMetrics } from './metrics/database-metrics.js'
import { type MetricProducer, metricProducer } from './metrics/metric-producer.js'
import { prometheusText } from './metrics/prometheus-text.js'
import { SlowLog } from './slow/slow-log.js'
import type { SlowStatement } from './slow/slow-table.js'
import { type SpanMaker, type Spans, tracingObserver } from './traces/tracing-observer.js'

export interface ObserveOptions {
  /**
   * The duration from which a statement is slow, in milliseconds: it is logged, at most once a minute, and listed by
   * `slow()`. Default 250; Infinity for none.
   */
  readonly slowMs?: number
  /**
   * Spans for OpenTelemetry: for each call (`plugin.findMany`, `transaction`, `events.append`), or for its statements
   * and requests too. Calls of Prisma's client have none if its own instrumentation creates them, and the statements
   * are children of those. They need the package `@opentelemetry/api`, and cost some microseconds each. Default `off`.
   */
  readonly spans?: Spans
  /** Default: that of the global provider, `@miyabi/db`. */
  readonly tracer?: SpanMaker
}

/** What is known of a database since `observe()` was called on it. */
export interface Telemetry extends Disposable {
  /** The database that is observed. */
  readonly database: Database
  /**
   * Returns all metrics in Prometheus' text format 0.0.4, for your own route: `content-type: text/plain;
   * version=0.0.4`. Checks the health of both stores, which takes at most two seconds.
   * @throws {ConfigError} if the database opens at first use, and cannot.
   */
  prometheus(): Promise<string>
  /** Returns all metrics for a reader of OpenTelemetry's SDK, and so for anything it exports to. */
  metricProducer(): MetricProducer
  /** Returns the slow statements of both pools, most time first: at most 500 shapes, none with a value. */
  slow(): readonly SlowStatement[]
  /** Ends the observation. What was counted so far stays readable. */
  [Symbol.dispose](): void
}

/**
 * Counts what a database does from now on: both stores, all pools. It costs some tenths of a microsecond a statement,
 * and memory for at most 200 series a metric, whatever is executed.
 *
 * Logs statements that are slow (`db.statement_slow`), and warns of a statement that runs repeatedly for one object of
 * `as()`, as in a loop over rows (`db.statement_repeated`).
 *
 * ```ts
 * const telemetry = observe(db)
 * app.get('/metrics', async (_, response) => response.type('text/plain').send(await telemetry.prometheus()))
 * ```
 *
 * @throws {MiyabiError} `telemetry.open_telemetry_missing`: spans are enabled, but the package that creates them is not
 * installed.
 */
export function observe(database: Database, options: ObserveOptions = {}): Telemetry {
  const { slowMs = 250, spans = 'off', tracer } = options
  const tracing = spans === 'off' ? [] : [tracingObserver(database, spans, tracer)]
  const metrics = new DatabaseMetrics(database)
  const startedAt = Date.now()
  const slowLog = new SlowLog({ slowMs, logger: { warn: (fields, message) => database.logger.warn(fields, message) } })
  const stops = [metrics.observer, slowLog, ...tracing].map((observer) => database.observe(observer))
  return {
    database,
    prometheus: async () => prometheusText(await metrics.collect()),
    metricProducer: () => metricProducer(startedAt, () => metrics.collect()),
    slow: () => slowLog.list(),
    [Symbol.dispose]: () => {
      for (const stop of stops) stop()
    },
  }
}
