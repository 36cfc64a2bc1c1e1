import {
  DescribeContinuousBackupsCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ListTagsOfResourceCommand,
  type TableDescription,
  type TimeToLiveDescription,
} from '@aws-sdk/client-dynamodb'
import { defined } from '@miyabi/core'
import { awsName } from '../errors/map-error.js'
import type { AutoScaling, ScalingTarget } from './auto-scaling.js'
import type { TableDefinition } from './definition.js'
import { abort, describeTable } from './describe.js'

/** A table as it is on the server. Undefined members cannot be determined there. */
export interface ActualTable {
  readonly description: TableDescription
  readonly ttl: TimeToLiveDescription
  readonly pointInTimeRecovery: boolean | undefined
  readonly tags: Readonly<Record<string, string>> | undefined
  /** The registered targets among those of the definition. */
  readonly scaling: readonly ScalingTarget[] | undefined
}

/** Where tables are read and changed. */
export interface TableServer {
  readonly client: DynamoDBClient
  /** Undefined if there is no such service. */
  readonly autoScaling: AutoScaling | undefined
  /** Whether it is AWS itself, which reports everything it knows. */
  readonly isAws: boolean
}

/** Reads everything that a definition covers; undefined when there is no such table. */
export async function readTable(
  server: TableServer,
  definition: TableDefinition,
  name: string,
  signal: AbortSignal | undefined,
): Promise<ActualTable | undefined> {
  const { client, autoScaling } = server
  const description = await describeTable(client, name, signal)
  if (description === undefined) return undefined
  // A table being created or deleted reports nothing else yet.
  if (isComingOrGoing(description)) {
    return { description, ttl: {}, pointInTimeRecovery: undefined, tags: undefined, scaling: undefined }
  }
  const [ttl, pointInTimeRecovery, tags, scaling] = await Promise.all([
    readTtl(client, name, signal),
    unlessUnknown(readRecovery(client, name, signal)),
    unlessUnknown(readTags(client, description.TableArn, signal)),
    autoScaling?.read(definition, name, signal),
  ])
  return { description, ttl, pointInTimeRecovery, tags, scaling }
}

/** Whether a table is being created or deleted. */
export const isComingOrGoing = ({ TableStatus }: TableDescription): boolean =>
  TableStatus === 'CREATING' || TableStatus === 'DELETING'

/** Whether items expire, and by which attribute. */
export async function readTtl(
  client: DynamoDBClient,
  name: string,
  signal: AbortSignal | undefined,
): Promise<TimeToLiveDescription> {
  const answer = await client.send(new DescribeTimeToLiveCommand({ TableName: name }), abort(signal))
  return answer.TimeToLiveDescription ?? {}
}

async function readRecovery(client: DynamoDBClient, name: string, signal: AbortSignal | undefined): Promise<boolean> {
  const answer = await client.send(new DescribeContinuousBackupsCommand({ TableName: name }), abort(signal))
  const recovery = answer.ContinuousBackupsDescription?.PointInTimeRecoveryDescription
  return recovery?.PointInTimeRecoveryStatus === 'ENABLED'
}

async function readTags(
  client: DynamoDBClient,
  arn: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Record<string, string>> {
  const tags: Record<string, string> = {}
  let next: string | undefined
  do {
    const answer = await client.send(
      new ListTagsOfResourceCommand({ ResourceArn: arn, ...defined({ NextToken: next }) }),
      abort(signal),
    )
    for (const { Key, Value } of answer.Tags ?? []) if (Key !== undefined) tags[Key] = Value ?? ''
    next = answer.NextToken
  } while (next !== undefined)
  return tags
}

/** Undefined if the engine does not know it. */
async function unlessUnknown<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (awsName(error) === 'UnknownOperationException') return undefined
    throw error
  }
}
