import { MiyabiError } from '@miyabi/core'
import type { TableDifference } from './differences.js'

/** A table exists with other keys or indexes than its definition. Nothing was created or changed. */
export class TablesDifferError extends MiyabiError<
  'dynamo.tables.differ',
  { readonly differences: readonly TableDifference[] }
> {
  override readonly name = 'TablesDifferError'

  constructor(differences: readonly TableDifference[]) {
    const lines = differences.map(
      ({ table, what, expected, found }) => `  ${table}, ${what}: expected ${expected}; found ${found}`,
    )
    super(
      'dynamo.tables.differ',
      `these tables exist with another structure; delete them, or set another DYNAMODB_TABLE_PREFIX:\n${lines.join('\n')}`,
      { details: { differences } },
    )
  }
}

/** A table did not become ready in time. */
export class TableNotReadyError extends MiyabiError<
  'dynamo.tables.not_ready',
  { readonly table: string; readonly state: string; readonly waitedMs: number }
> {
  override readonly name = 'TableNotReadyError'

  constructor(table: string, state: string, waitedMs: number) {
    super('dynamo.tables.not_ready', `the table ${table} is still ${state} after ${Math.round(waitedMs / 1000)} s`, {
      details: { table, state, waitedMs },
      retryable: true,
      effect: 'unknown',
    })
  }
}
