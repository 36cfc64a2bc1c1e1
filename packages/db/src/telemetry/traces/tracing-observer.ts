import type { CallInProgress, CallStart, LogFields } from '@miyabi/core'
import type { AttemptFacts } from '@miyabi/dynamo'
import type { StatementFacts } from '@miyabi/postgres'
import type { Context, Span, Tracer } from '@opentelemetry/api'
import type { Database } from '../../context/context.js'
import type { DatabaseObserver } from '../../context/observer.js'
import { ATTRIBUTE, attemptAttributes, type SpanAttributes, statementAttributes } from './attributes.js'
import { loadOpenTelemetry } from './open-telemetry.js'

/** Which spans are created: none, one for each call, or those of its statements and requests too. */
export type Spans = 'off' | 'calls' | 'statements'

/** A `Tracer` of OpenTelemetry. */
export interface SpanMaker {
  startSpan(name: string, options?: object, context?: object): object
}

/**
 * Creates spans for everything a database does: for each call, whose span is the active one during the call, and below
 * it for each statement and request. The parent of a call is the span that was active when it started.
 * @throws {MiyabiError} `telemetry.open_telemetry_missing`
 */
export function tracingObserver(
  database: Database,
  spans: Exclude<Spans, 'off'>,
  given: SpanMaker | undefined,
): DatabaseObserver {
  const { context, SpanKind, SpanStatusCode, trace, isSpanContextValid } = loadOpenTelemetry()
  const tracer = (given as Tracer | undefined) ?? trace.getTracer('@miyabi/db')

  const failed = (span: Span, type: string): void => {
    span.setStatus({ code: SpanStatusCode.ERROR })
    span.setAttribute(ATTRIBUTE.error, type)
  }
  /** A span of completed work. It had no children. */
  const past = (
    name: string,
    { startedAt, durationMs }: Pick<StatementFacts, 'startedAt' | 'durationMs'>,
    attributes: SpanAttributes,
  ): void => {
    const startTime = performance.timeOrigin + startedAt
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime, attributes })
    if (ATTRIBUTE.error in attributes) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(startTime + durationMs)
  }
  const calls: DatabaseObserver = {
    inContext: true,
    begin({ store, operation }: CallStart): CallInProgress {
      const attributes = { [ATTRIBUTE.system]: store, [ATTRIBUTE.operation]: operation }
      const span = tracer.startSpan(operation, { attributes, startTime: now() })
      const within: Context = trace.setSpan(context.active(), span)
      return {
        run: (work) => context.with(within, work),
        end(error) {
          if (error) failed(span, error.code)
          span.end(now())
        },
      }
    },
    logFields(): LogFields {
      const active = trace.getSpanContext(context.active())
      if (!active || !isSpanContextValid(active)) return {}
      return { trace_id: active.traceId, span_id: active.spanId, trace_flags: active.traceFlags }
    },
  }
  if (spans === 'calls') return calls
  return {
    ...calls,
    statement(facts: StatementFacts): void {
      past(named(facts.operation, facts.collection), facts, statementAttributes(facts, database.servers))
    },
    attempt(facts: AttemptFacts): void {
      past(named(facts.command, facts.table), facts, attemptAttributes(facts, database.servers))
    },
  }
}

/**
 * One clock for all spans, in milliseconds since 1970: the SDK's has whole milliseconds, and a child would start too
 * early.
 */
const now = (): number => performance.timeOrigin + performance.now()

const named = (operation: string, collection: string | undefined): string =>
  collection === undefined ? operation : `${operation} ${collection}`
