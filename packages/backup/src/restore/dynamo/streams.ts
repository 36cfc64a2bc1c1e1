import { DescribeTableCommand, type DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb'
import { sleep } from '@miyabi/core'

const POLL_MS = 200

/**
 * Disables the stream of a table, so that it does not report what is put: the stream enabled afterwards is a new one,
 * whose readers start after what was put.
 */
export async function endStream(client: DynamoDBClient, table: string, signal: AbortSignal): Promise<void> {
  if (!(await hasStream(client, table))) return
  await client.send(new UpdateTableCommand({ TableName: table, StreamSpecification: { StreamEnabled: false } }), {
    abortSignal: signal,
  })
  await settled(client, table, signal)
}

export async function hasStream(client: DynamoDBClient, table: string): Promise<boolean> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }))
  return Table?.StreamSpecification?.StreamEnabled === true
}

async function settled(client: DynamoDBClient, table: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }), { abortSignal: signal })
    if (Table?.TableStatus === 'ACTIVE') return
    await sleep(POLL_MS, signal)
  }
}
