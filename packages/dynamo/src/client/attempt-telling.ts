import type { HandlerExecutionContext } from '@smithy/types'
import type { CallRecord } from '../errors/call-record.js'
import type { CapacityFacts } from '../observe/facts.js'
import type { RefusedWrite } from './refused-writes.js'
import { operationIn, tablesIn } from './request.js'

/** Called with how an attempt ended. */
type AttemptEnd = (consumed: readonly CapacityFacts[], error?: string, refused?: readonly RefusedWrite[]) => void

/** Reports the attempts of the commands of a client. */
export class AttemptTelling {
  /** Number of attempts started for a command, which keeps one context. */
  readonly #counts = new WeakMap<HandlerExecutionContext, number>()

  /** Called when an attempt begins. Returns the function to call at its end. */
  begin(context: HandlerExecutionContext, { hooks, operation }: CallRecord, input: object): AttemptEnd {
    const startedAt = performance.now()
    const attempt = (this.#counts.get(context) ?? 0) + 1
    this.#counts.set(context, attempt)
    return (consumed, error, refused = []) => {
      const tables = [...new Set(tablesIn(input))]
      hooks?.attempt.tell({
        store: 'aws.dynamodb',
        operation,
        command: operationIn(context),
        table: tables.length === 1 ? tables[0] : undefined,
        tables,
        attempt,
        startedAt,
        durationMs: performance.now() - startedAt,
        error,
        capacity: [...consumed, ...refused.map(billed)],
        refusedBytes: refused.length === 0 ? undefined : refused.reduce((sum, { bytes }) => sum + bytes, 0),
      })
    }
  }
}

const billed = ({ table, writeUnits }: RefusedWrite): CapacityFacts => ({
  table,
  index: undefined,
  readUnits: 0,
  writeUnits,
})
