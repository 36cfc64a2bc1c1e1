import type {
  CreateTableCommandInput,
  TimeToLiveSpecification,
  UpdateTableCommandInput,
} from '@aws-sdk/client-dynamodb'
import type { ScalingTarget } from './auto-scaling.js'

/** One way in which a table is not what its definition says. */
export interface TableDifference {
  /** With the prefix. */
  readonly table: string
  /** `table`, `keys`, `index byUser`, `expiry` ... */
  readonly what: string
  readonly expected: string
  readonly found: string
}

/** One change that brings a table nearer to its definition, with the difference that asks for it. */
export interface TableStep extends TableDifference {
  /** What is done, in words: `create the index byUser`. */
  readonly does: string
  /** Whether items, an index that is read, or records of a stream are lost by it. */
  readonly destructive: boolean
  /** What is sent. */
  readonly request: TableRequest
}

/** A request as data: the name of DynamoDB's operation, and its input without the table's name. */
export type TableRequest =
  | { readonly operation: 'CreateTable'; readonly input: CreateTableCommandInput }
  | { readonly operation: 'DeleteTable' }
  | { readonly operation: 'UpdateTable'; readonly input: Omit<UpdateTableCommandInput, 'TableName'> }
  | { readonly operation: 'UpdateTimeToLive'; readonly input: TimeToLiveSpecification }
  | { readonly operation: 'UpdateContinuousBackups' }
  | { readonly operation: 'TagResource'; readonly arn: string; readonly tags: Readonly<Record<string, string>> }
  | { readonly operation: 'RegisterScalableTarget'; readonly target: ScalingTarget }

/** What it takes to bring tables to their definitions. */
export interface TablesPlan {
  /** In the order in which they are done for each table; empty when all is as it should be. */
  readonly steps: readonly TableStep[]
  /** What this server does not tell, so that nobody knows. */
  readonly unverifiable: readonly UnverifiableFact[]
}

export interface UnverifiableFact {
  /** With the prefix. */
  readonly table: string
  /** `point-in-time recovery`, `auto scaling` ... */
  readonly what: string
}
