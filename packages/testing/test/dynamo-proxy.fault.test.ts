import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { dropTable, listTables } from '../src/dynamodb-http.js'
import { type DynamoFault, type DynamoProxy, dynamodbEndpoint, startDynamoProxy, tablePrefix } from '../src/index.js'

const table = `${tablePrefix()}Notes`
let fault: DynamoFault = 'pass'
let proxy: DynamoProxy

async function call(operation: string, input: object, timeoutMs = 5000): Promise<{ status: number; body: unknown }> {
  const response = await fetch(proxy.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'x-amz-date': '20200101T000000Z',
      authorization: 'AWS4-HMAC-SHA256 Credential=a/20200101/b/dynamodb/aws4_request, SignedHeaders=host, Signature=c',
    },
    body: JSON.stringify(input),
    signal: AbortSignal.timeout(timeoutMs),
  })
  return { status: response.status, body: await response.json() }
}

const put = (...ids: string[]): object => ({
  RequestItems: { [table]: ids.map((id) => ({ PutRequest: { Item: { id: { S: id } } } })) },
})

const stored = async (id: string): Promise<boolean> => {
  const { body } = await call('GetItem', { TableName: table, Key: { id: { S: id } } })
  return (body as { Item?: object }).Item !== undefined
}

beforeAll(async () => {
  proxy = await startDynamoProxy(dynamodbEndpoint(), () => fault)
  const created = await call('CreateTable', {
    TableName: table,
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
  })
  expect(created.status).toBe(200)
  proxy.forget()
})
afterEach(() => {
  fault = 'pass'
  proxy.forget()
})
afterAll(async () => {
  await dropTable(dynamodbEndpoint(), table)
  expect(await listTables(dynamodbEndpoint())).not.toContain(table)
  await proxy.close()
})

describe('startDynamoProxy', () => {
  it('passes requests on and records them', async () => {
    await call('PutItem', { TableName: table, Item: { id: { S: 'passed' } } })
    expect(await stored('passed')).toBe(true)
    expect(proxy.requests.map((request) => [request.number, request.operation])).toEqual([
      [1, 'PutItem'],
      [2, 'GetItem'],
    ])
    expect(proxy.gaps()).toHaveLength(1)
  })

  it.each(['hang', 'stall-body', 'trickle'] as const)('does not finish an answer: %s', async (kind) => {
    fault = kind
    await expect(call('GetItem', { TableName: table, Key: { id: { S: 'a' } } }, 300)).rejects.toThrow(/timeout|abort/i)
  })

  it('resets the connection before the work, or after it', async () => {
    fault = 'reset'
    await expect(call('PutItem', { TableName: table, Item: { id: { S: 'reset' } } })).rejects.toThrow('fetch failed')
    fault = 'lose-answer'
    await expect(call('PutItem', { TableName: table, Item: { id: { S: 'lost' } } })).rejects.toThrow('fetch failed')
    fault = 'pass'
    expect(await Promise.all([stored('reset'), stored('lost')])).toEqual([false, true])
  })

  it('answers with an error as DynamoDB writes it', async () => {
    fault = { error: 'ThrottlingException', status: 400, members: { ThrottlingReasons: [] } }
    expect(await call('GetItem', {})).toEqual({
      status: 400,
      body: {
        __type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException',
        message: 'ThrottlingException',
        ThrottlingReasons: [],
      },
    })
  })

  it('leaves items of a batch unprocessed, some or all', async () => {
    fault = { unprocessed: 1 }
    const some = await call('BatchWriteItem', put('x', 'y'))
    expect(some.body).toMatchObject({ UnprocessedItems: { [table]: [{ PutRequest: { Item: { id: { S: 'y' } } } }] } })
    fault = { unprocessed: 2 }
    const all = await call('BatchWriteItem', put('y', 'z'))
    expect(all.body).toMatchObject({ UnprocessedItems: { [table]: [{}, {}] } })
    fault = { unprocessed: 1 }
    const keys = { RequestItems: { [table]: { Keys: [{ id: { S: 'x' } }, { id: { S: 'z' } }] } } }
    expect((await call('BatchGetItem', keys)).body).toMatchObject({
      Responses: { [table]: [{ id: { S: 'x' } }] },
      UnprocessedKeys: { [table]: { Keys: [{ id: { S: 'z' } }] } },
    })
    fault = 'pass'
    expect(await Promise.all([stored('x'), stored('y'), stored('z')])).toEqual([true, false, false])
    fault = { unprocessed: '"y"' }
    const named = await call('BatchWriteItem', put('y', 'z'))
    expect(named.body).toMatchObject({ UnprocessedItems: { [table]: [{ PutRequest: { Item: { id: { S: 'y' } } } }] } })
    fault = 'pass'
    expect(await stored('z')).toBe(true)
  })
})
