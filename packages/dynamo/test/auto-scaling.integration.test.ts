import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { tablePrefix } from '@miyabi/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDynamo, type Dynamo } from '../src/dynamo.js'
import { rejection, testSettings } from './support.js'

interface Target {
  readonly ResourceId: string
  readonly ScalableDimension: string
}
const same = (a: Target) => (b: Target) => a.ResourceId === b.ResourceId && a.ScalableDimension === b.ScalableDimension

/** Stands in for the service, which no emulator has: keeps what is registered, and tells it. */
let service: Server
let endpoint: string
let requests: { readonly operation: string; readonly body: Record<string, unknown> }[]
let refusal: string | undefined

beforeEach(async () => {
  requests = []
  refusal = undefined
  let targets: Target[] = []
  let policies: Target[] = []
  service = createServer(async (request, answer) => {
    const operation = String(request.headers['x-amz-target'])
    const body = JSON.parse(await text(request)) as Target & Record<string, unknown>
    requests.push({ operation, body })
    const say = (status: number, content: object) =>
      answer.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(content))
    if (refusal) return say(400, { __type: refusal })
    if (operation.endsWith('.RegisterScalableTarget')) targets = [...targets.filter((t) => !same(t)(body)), body]
    if (operation.endsWith('.PutScalingPolicy')) policies = [...policies.filter((p) => !same(p)(body)), body]
    if (operation.endsWith('.DescribeScalableTargets')) return say(200, { ScalableTargets: targets })
    if (operation.endsWith('.DescribeScalingPolicies')) return say(200, { ScalingPolicies: policies })
    return say(200, {})
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
})
afterEach(() => {
  service.close()
  service.closeAllConnections()
})

const open = (prefix: string): Dynamo =>
  createDynamo(testSettings({ tablePrefix: prefix, autoScalingEndpoint: endpoint, timeoutMs: 20_000 }))

const changes = () => requests.filter(({ operation }) => !operation.includes('Describe'))

describe('auto scaling', () => {
  it('is registered for the agents, 5 to 100 write and 10 to 200 read units at 70%', async () => {
    const prefix = tablePrefix()
    await using dynamo = open(prefix)
    const { unverifiable } = await dynamo.tables.apply()
    expect(unverifiable).not.toContainEqual({ table: expect.anything(), what: 'auto scaling' })
    const of = (units: 'Write' | 'Read') => ({
      ServiceNamespace: 'dynamodb',
      ResourceId: `table/${prefix}MiyabiAgentState`,
      ScalableDimension: `dynamodb:table:${units}CapacityUnits`,
    })
    const policy = (units: 'Write' | 'Read') => ({
      ...of(units),
      PolicyName: `miyabi-table/${prefix}MiyabiAgentState-${units}CapacityUnits`,
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 70,
        PredefinedMetricSpecification: { PredefinedMetricType: `DynamoDB${units}CapacityUtilization` },
        ScaleInCooldown: 60,
        ScaleOutCooldown: 60,
      },
    })
    const register = 'AnyScaleFrontendService.RegisterScalableTarget'
    const put = 'AnyScaleFrontendService.PutScalingPolicy'
    expect(changes()).toEqual([
      { operation: register, body: { ...of('Write'), MinCapacity: 5, MaxCapacity: 100 } },
      { operation: put, body: policy('Write') },
      { operation: register, body: { ...of('Read'), MinCapacity: 10, MaxCapacity: 200 } },
      { operation: put, body: policy('Read') },
    ])
    expect((await dynamo.tables.plan()).steps).toEqual([])
  })

  it('is mended when others gave it other bounds', async () => {
    const prefix = tablePrefix()
    await using dynamo = open(prefix)
    await dynamo.tables.apply()
    const [first] = changes()
    await fetch(endpoint, {
      method: 'POST',
      headers: { 'x-amz-target': first?.operation ?? '' },
      body: JSON.stringify({ ...first?.body, MaxCapacity: 50 }),
    })
    const { steps } = await dynamo.tables.plan()
    expect(steps).toMatchObject([{ what: 'auto scaling', found: '5 to 50 at 70%', destructive: false }])
    await dynamo.tables.apply()
    expect((await dynamo.tables.plan()).steps).toEqual([])
  })

  it('is told as a failure when the service refuses, not passed over', async () => {
    await using dynamo = open(tablePrefix())
    refusal = 'AccessDeniedException'
    expect(await rejection(dynamo.tables.apply())).toMatchObject({ code: 'dynamo.access_denied' })
  })
})
