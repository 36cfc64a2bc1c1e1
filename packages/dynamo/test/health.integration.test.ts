import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { dynamodbEndpoint, startDynamoProxy, tablePrefix } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { createDynamo } from '../src/dynamo.js'
import { rejection, testDynamo, testSettings } from './support.js'

describe('health', () => {
  it('is up when every table answers', async () => {
    await using dynamo = await testDynamo()
    await expect.poll(() => dynamo.health()).toEqual({ status: 'up', latencyMs: expect.any(Number) })
  })

  it('names the tables that are missing, and what creates them', async () => {
    const prefix = tablePrefix()
    await using dynamo = createDynamo(testSettings({ tablePrefix: prefix }))
    let health = await dynamo.health()
    // On a machine at other work the second that it has may be too short.
    for (let n = 0; n < 20 && !health.missingTables?.length; n += 1) health = await dynamo.health()
    expect(health).toMatchObject({ status: 'down', missingTables: expect.arrayContaining([`${prefix}MiyabiEvents`]) })
    expect(health.missingTables).toHaveLength(3)
    expect(health.remedy).toContain('pnpm db:tables apply')
  })

  it('is down, with the command that starts the server, when nothing listens', async () => {
    await using dynamo = createDynamo(testSettings({ endpoint: 'http://127.0.0.1:1' }))
    const health = await dynamo.health()
    expect(health).toMatchObject({ status: 'down', reason: expect.stringContaining('ECONNREFUSED') })
    expect(health.remedy).toContain('pnpm db:up')
    expect(health.remedy).toContain('127.0.0.1:1')
  })

  it('takes a second at most when the server hangs', async () => {
    await using proxy = await startDynamoProxy(dynamodbEndpoint(), () => 'hang')
    await using dynamo = createDynamo(
      testSettings({ endpoint: proxy.endpoint, attemptTimeoutMs: 60_000, timeoutMs: 60_000 }),
    )
    const health = await dynamo.health()
    expect(health.status).toBe('down')
    expect(health.latencyMs).toBeLessThan(20_000) // an attempt may take longer
  })

  it('tells credentials and rights apart', async () => {
    let error = 'UnrecognizedClientException'
    await using proxy = await startDynamoProxy(dynamodbEndpoint(), () => ({ error }))
    await using dynamo = createDynamo(testSettings({ endpoint: proxy.endpoint }))
    expect((await dynamo.health()).remedy).toContain('AWS_PROFILE')
    error = 'AccessDeniedException'
    expect((await dynamo.health()).remedy).toContain('dynamodb:BatchGetItem')
  })

  it("ends with the caller's signal", async () => {
    await using dynamo = createDynamo(testSettings())
    const reason = new Error('enough')
    expect(await rejection(dynamo.health({ signal: AbortSignal.abort(reason) }))).toBe(reason)
  })
})

describe('the client of an application', () => {
  it('may have document clients of its own, whose options do not reach ours', async () => {
    await using dynamo = await testDynamo()
    const foreign = DynamoDBDocumentClient.from(dynamo.client, { unmarshallOptions: { wrapNumbers: true } })
    const { id } = await dynamo.events.append({ eventType: 'x', data: { n: 1, none: undefined } })
    expect((await dynamo.events.get('x', id))?.data).toEqual({ n: 1 })
    const put = new PutCommand({ TableName: 'none', Item: { pk: 'a', data: { none: undefined } } })
    expect(await rejection(foreign.send(put))).toMatchObject({
      message: expect.stringContaining('removeUndefinedValues'),
    })
  })
})
