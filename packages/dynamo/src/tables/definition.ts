import type {
  AttributeDefinition,
  CreateTableCommandInput,
  GlobalSecondaryIndex,
  KeySchemaElement,
  ProvisionedThroughput,
} from '@aws-sdk/client-dynamodb'

/** One table as data: used by creation, health and the check of the ElectroDB models. */
export interface TableDefinition {
  /** Without the prefix. */
  readonly name: string
  readonly partitionKey: string
  readonly sortKey: string
  /** The type of every attribute that is part of a key, the indexes' keys included. */
  readonly keyAttributes: Readonly<Record<string, 'S' | 'N' | 'B'>>
  readonly indexes: readonly IndexDefinition[]
  readonly billing: Billing
  /** The attribute that holds an item's expiry, in seconds since 1970. */
  readonly ttlAttribute: string
  readonly stream?: 'NEW_AND_OLD_IMAGES'
  readonly pointInTimeRecovery: boolean
  readonly deletionProtection: boolean
  /** Server-side encryption with the account's AWS-managed KMS key. */
  readonly encryption: 'KMS'
  readonly tags: Readonly<Record<string, string>>
}

/** A global secondary index, named after the query it serves. It carries whole items. */
export interface IndexDefinition {
  readonly name: string
  readonly partitionKey: string
  readonly sortKey: string
}

export type Billing = { readonly mode: 'PAY_PER_REQUEST' } | Provisioned

export interface Provisioned {
  readonly mode: 'PROVISIONED'
  /** Capacity units; a table is created with `min`. */
  readonly write: CapacityRange
  readonly read: CapacityRange
  /** The percentage of use that auto scaling targets. */
  readonly targetUtilization: number
}

export interface CapacityRange {
  readonly min: number
  readonly max: number
}

/**
 * Returns the `CreateTable` call that creates a table of this definition.
 * @param table its name with the prefix.
 */
export function toCreateTableInput(definition: TableDefinition, table: string): CreateTableCommandInput {
  const { billing, indexes, stream } = definition
  return {
    TableName: table,
    KeySchema: keySchema(definition),
    AttributeDefinitions: attributeDefinitions(definition),
    BillingMode: billing.mode,
    // On-demand tables whose indexes name a throughput are refused.
    ...(billing.mode === 'PROVISIONED' ? { ProvisionedThroughput: throughput(billing) } : {}),
    ...(indexes.length > 0 ? { GlobalSecondaryIndexes: indexes.map((index) => toIndexInput(index, billing)) } : {}),
    ...(stream ? { StreamSpecification: { StreamEnabled: true, StreamViewType: stream } } : {}),
    SSESpecification: { Enabled: true, SSEType: definition.encryption },
    DeletionProtectionEnabled: definition.deletionProtection,
    Tags: Object.entries(definition.tags).map(([Key, Value]) => ({ Key, Value })),
  }
}

/** The keys of a table or an index, as DynamoDB writes them. */
export function keySchema(keys: { readonly partitionKey: string; readonly sortKey: string }): KeySchemaElement[] {
  return [
    { AttributeName: keys.partitionKey, KeyType: 'HASH' },
    { AttributeName: keys.sortKey, KeyType: 'RANGE' },
  ]
}

/** The attributes of all keys, the indexes' included, with their types. */
export function attributeDefinitions(definition: TableDefinition): AttributeDefinition[] {
  const keys = [definition, ...definition.indexes].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey])
  return [...new Set(keys)].map((AttributeName) => ({
    AttributeName,
    AttributeType: definition.keyAttributes[AttributeName],
  }))
}

/** The initial capacity of a provisioned table. */
export const throughput = ({ read, write }: Provisioned): ProvisionedThroughput => ({
  ReadCapacityUnits: read.min,
  WriteCapacityUnits: write.min,
})

/** An index in the form of `CreateTable` and `UpdateTable`. */
export function toIndexInput(index: IndexDefinition, billing: Billing): GlobalSecondaryIndex {
  return {
    IndexName: index.name,
    KeySchema: keySchema(index),
    Projection: { ProjectionType: 'ALL' },
    ...(billing.mode === 'PROVISIONED' ? { ProvisionedThroughput: throughput(billing) } : {}),
  }
}
