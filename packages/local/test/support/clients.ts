import type { StackDescriptor } from '@miyabi/core'
import pg from 'pg'

/** Runs statements on one connection, and returns the rows of the last. */
export async function query(connectionString: string, ...statements: readonly string[]): Promise<unknown[]> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {}) // servers are killed under it
  await client.connect()
  try {
    let rows: unknown[] = []
    for (const statement of statements) rows = (await client.query(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}

export function dynamodbEndpoint({ dynamodb }: StackDescriptor): string {
  if (!('endpoint' in dynamodb)) throw new Error(String(dynamodb.unavailable))
  return String(dynamodb.endpoint)
}

/** One DynamoDB call over plain HTTP; the engine wants a signature but does not check it. */
export async function dynamodb(
  descriptor: StackDescriptor,
  operation: string,
  input: object,
): Promise<Record<string, unknown>> {
  const response = await fetch(dynamodbEndpoint(descriptor), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'x-amz-date': '20260101T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0',
    },
    body: JSON.stringify(input),
  })
  const answer = (await response.json()) as Record<string, unknown>
  if (!response.ok) throw new Error(`${operation}: ${JSON.stringify(answer)}`)
  return answer
}

/** A table with a string key `id`. */
export async function createTable(descriptor: StackDescriptor, name: string): Promise<void> {
  await dynamodb(descriptor, 'CreateTable', {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  })
}
