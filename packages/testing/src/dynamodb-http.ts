import { defined } from '@miyabi/core'

/**
 * The two DynamoDB calls needed for cleaning up, without the SDK: emulators do not check signatures, and a dependency
 * on the AWS SDK would make every test file pay for loading it.
 */
async function call<T>(endpoint: string, operation: string, input: object): Promise<T> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'x-amz-date': '20200101T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=testing/20200101/ap-northeast-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none',
    },
    body: JSON.stringify(input),
    signal: AbortSignal.timeout(10_000),
  })
  const body = await response.text()
  if (!response.ok) throw new Error(`${operation} at ${endpoint} answered ${response.status}: ${body}`)
  return JSON.parse(body) as T
}

/** Returns the names of all tables. */
export async function listTables(endpoint: string): Promise<string[]> {
  const names: string[] = []
  for (let from: string | undefined; ; ) {
    const page: { TableNames: string[]; LastEvaluatedTableName?: string } = await call(endpoint, 'ListTables', {
      ...defined({ ExclusiveStartTableName: from }),
    })
    names.push(...page.TableNames)
    from = page.LastEvaluatedTableName
    if (from === undefined) return names
  }
}

/** Drops a table, even if it is protected against deletion. */
export async function dropTable(endpoint: string, name: string): Promise<void> {
  try {
    await call(endpoint, 'DeleteTable', { TableName: name })
  } catch {
    await call(endpoint, 'UpdateTable', { TableName: name, DeletionProtectionEnabled: false })
    await call(endpoint, 'DeleteTable', { TableName: name })
  }
}
