import type { Dynamo } from '@miyabi/dynamo'

/** The DynamoDB that a backup is restored into. */
export interface DynamoPlace {
  readonly dynamo: Dynamo
  /** DYNAMODB_TABLE_PREFIX. */
  readonly prefix: string
}
