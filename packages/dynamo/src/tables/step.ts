import type {
  CreateTableCommandInput,
  TimeToLiveSpecification,
  UpdateTableCommandInput,
} from '@aws-sdk/client-dynamodb'
import type { ScalingTarget } from './auto-scaling.js'

/** One way in which a table differs from its definition. */
export interface TableDifference {
  /** With the prefix. */
  readonly table: string
  /** `table`, `keys`, `index byUser`, `expiry` ... */
  readonly what: string
  readonly expected: string
  readonly found: string
}

/** One change that brings a table closer to its definition, with the difference that requires it. */
export interface TableStep extends TableDifference {
  /** What is done, as text: `create the index byUser`. */
  readonly does: string
  /** Whether it loses items, an index in use, or records of a stream. */
  readonly destructive: boolean
  /** The request to send. */
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

/** The plan that brings tables to their definitions. */
export interface TablesPlan {
  /** In execution order for each table; empty when nothing differs. */
  readonly steps: readonly TableStep[]
  /** What this server does not report, so it is unknown. */
  readonly unverifiable: readonly UnverifiableFact[]
}

export interface UnverifiableFact {
  /** With the prefix. */
  readonly table: string
  /** `point-in-time recovery`, `auto scaling` ... */
  readonly what: string
}
