import type { UpdateTableCommandInput } from '@aws-sdk/client-dynamodb'
import type { ActualTable } from '../actual.js'
import type { TableDefinition } from '../definition.js'
import type { TableRequest, TableStep } from '../step.js'

/** A step as an aspect plans it. `what` is more specific than the aspect's own. */
export type Change = Omit<TableStep, 'table' | 'what'> & { readonly what?: string }

/** One aspect of a table that can be changed separately. */
export interface Aspect {
  readonly what: string
  /** The changes that bring it to its definition, in order; `unverifiable` if the server does not report its state. */
  plan(definition: TableDefinition, actual: ActualTable, where: Where): readonly Change[] | 'unverifiable'
}

export interface Where {
  /** With the prefix. */
  readonly table: string
  /** AWS omits what is at its default; if another server omits it, it may not know. */
  readonly isAws: boolean
}

/** An `UpdateTable` request. */
export const update = (input: Omit<UpdateTableCommandInput, 'TableName'>): TableRequest => ({
  operation: 'UpdateTable',
  input,
})

export const onOff = (on: boolean): string => (on ? 'on' : 'off')
