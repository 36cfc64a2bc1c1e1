import type { UpdateTableCommandInput } from '@aws-sdk/client-dynamodb'
import type { ActualTable } from '../actual.js'
import type { TableDefinition } from '../definition.js'
import type { TableRequest, TableStep } from '../step.js'

/** A step as an aspect plans it. `what` says it more exactly than the aspect's own. */
export type Change = Omit<TableStep, 'table' | 'what'> & { readonly what?: string }

/** One side of a table that can be changed by itself. */
export interface Aspect {
  readonly what: string
  /** The changes that bring it to its definition, in order; `unverifiable` where the server does not tell how it is. */
  plan(definition: TableDefinition, actual: ActualTable, where: Where): readonly Change[] | 'unverifiable'
}

export interface Where {
  /** With the prefix. */
  readonly table: string
  /** AWS says nothing of what is at its default; another server that says nothing may not know. */
  readonly isAws: boolean
}

/** An `UpdateTable` request. */
export const update = (input: Omit<UpdateTableCommandInput, 'TableName'>): TableRequest => ({
  operation: 'UpdateTable',
  input,
})

export const onOff = (on: boolean): string => (on ? 'on' : 'off')
