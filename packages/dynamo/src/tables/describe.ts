import { DescribeTableCommand, type DynamoDBClient, type TableDescription } from '@aws-sdk/client-dynamodb'
import { awsName } from '../errors/map-error.js'

/** The description of a table, or undefined when there is none. */
export async function describeTable(
  client: DynamoDBClient,
  name: string,
  signal?: AbortSignal,
): Promise<TableDescription | undefined> {
  try {
    const answer = await client.send(new DescribeTableCommand({ TableName: name }), abort(signal))
    return answer.Table
  } catch (error) {
    if (awsName(error) === 'ResourceNotFoundException') return undefined
    throw error
  }
}

/** The options of `send` for a signal that may be absent. */
export const abort = (signal: AbortSignal | undefined): { abortSignal?: AbortSignal } =>
  signal ? { abortSignal: signal } : {}
