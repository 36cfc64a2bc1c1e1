import { MiyabiError } from '@miyabi/core'
import type { TableStep } from './step.js'

/**
 * Bringing a table to its definition would destroy something, and this was not allowed for that table. Nothing was
 * changed.
 */
export class DestructiveStepsError extends MiyabiError<
  'dynamo.tables.differ',
  { readonly steps: readonly TableStep[] }
> {
  override readonly name = 'DestructiveStepsError'

  /** @param replace the tables that may lose something. */
  constructor(steps: readonly TableStep[], replace: readonly string[]) {
    const lines = steps.map(
      ({ table, what, does, expected, found }) => `  ${table}, ${what}: ${does} (expected ${expected}; found ${found})`,
    )
    const tables = [...new Set([...replace, ...steps.map(({ table }) => table)])]
    super('dynamo.tables.differ', `existing data would be lost:\n${lines.join('\n')}`, {
      details: { steps },
      remedy: `To allow this: \`pnpm db:tables apply --replace ${tables.join(',')}\`. Otherwise set another DYNAMODB_TABLE_PREFIX.`,
    })
  }
}

/** A table did not reach the requested state in time. */
export class TableNotReadyError extends MiyabiError<
  'dynamo.tables.not_ready',
  { readonly table: string; readonly state: string }
> {
  override readonly name = 'TableNotReadyError'

  constructor(table: string, state: string) {
    super('dynamo.tables.not_ready', `${table} is not ready yet: ${state}`, {
      remedy: 'wait, then apply again',
      details: { table, state },
      retryable: true,
      effect: 'unknown',
    })
  }
}
