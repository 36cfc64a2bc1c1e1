import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import {
  type DynamoFault,
  type DynamoProxy,
  type DynamoRequest,
  dynamodbEndpoint,
  startDynamoProxy,
} from '@miyabi/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { StaleAgentStateError } from '../src/agent-state/errors.js'
import type { AgentState } from '../src/agent-state/state.js'
import type { Dynamo } from '../src/dynamo.js'
import { ItemShapeError } from '../src/items/schema-version.js'
import { rejection, testClock, testDynamo } from './support.js'
import { unitsOf } from './units.js'

let decide: (request: DynamoRequest) => DynamoFault = () => 'pass'
let proxy: DynamoProxy
let table: string | undefined
/** Through the proxy, by transactions; and in steps, for servers without them. */
let whole: Dynamo
let steps: Dynamo

beforeAll(async () => {
  proxy = await startDynamoProxy(dynamodbEndpoint(), (request) => decide(request))
  const settings = { endpoint: proxy.endpoint, initialBackoffMs: 5, maxBackoffMs: 20 }
  whole = await testDynamo({ settings })
  steps = await testDynamo({ settings: { ...settings, transactions: false } })
  table = (await steps.tables.status()).tables[1]?.table
})
afterEach(() => {
  decide = () => 'pass'
})
afterAll(async () => {
  await whole.close()
  await steps.close()
  await proxy.close()
})

/** What is in the history itself, without what reads add. */
async function archived(agentId: string): Promise<number[]> {
  const query = new QueryCommand({
    TableName: table,
    KeyConditionExpression: 'pk = :p AND begins_with(sk, :s)',
    ExpressionAttributeValues: { ':p': { S: `$mb#agentId_${agentId}` }, ':s': { S: '$agentVersion_1#' } },
    ConsistentRead: true,
  })
  return ((await steps.client.send(query)).Items ?? []).map(({ version }) => Number(version?.N))
}

const isVersionPut = ({ operation, body }: DynamoRequest): boolean =>
  operation === 'PutItem' && body.includes('$agentVersion_1#')

/** Saves one state after another, and gives them all. */
async function saveAll(dynamo: Dynamo, agentId: string, count: number, after?: AgentState): Promise<AgentState[]> {
  const saved: AgentState[] = []
  let last = after
  for (let progress = 0; progress < count; progress++) {
    const expectedVersion: number = last?.version ?? 0
    last = await dynamo.agentState.save({ agentId, status: 'running', progress, expectedVersion })
    saved.push(last)
  }
  return saved
}

describe('agentState.save in steps', () => {
  it('keeps a state whose version was never written, shows it, and archives it with the next save', async () => {
    const [first] = await saveAll(steps, 'cut', 1)
    decide = (request) => (isVersionPut(request) ? 'reset' : 'pass')
    const [second] = await saveAll(steps, 'cut', 1, first)
    decide = () => 'pass'
    expect(await archived('cut')).toEqual([first?.version])
    expect(await steps.agentState.current('cut')).toEqual(second)
    for (const order of ['asc', 'desc'] as const) {
      const shown = (await steps.agentState.history('cut', { order })).items
      expect(order === 'asc' ? shown : shown.reverse()).toEqual([first, second])
    }
    expect((await steps.agentState.history('cut', { order: 'asc', limit: 1 })).items).toEqual([first])
    expect((await steps.agentState.history('cut', { to: first?.updatedAt })).items).toEqual([])

    const [third] = await saveAll(steps, 'cut', 1, second)
    expect(await archived('cut')).toEqual([first, second, third].map((state) => state?.version))
  })

  it('archives a state whose writer died between the two writes', async () => {
    const [first] = await saveAll(steps, 'died', 1)
    const death = new AbortController()
    decide = (request) => {
      if (!isVersionPut(request)) return 'pass'
      death.abort(new Error('the process died'))
      return 'hang'
    }
    const { signal } = death
    const dying = steps.agentState.save(
      { agentId: 'died', status: 'running', progress: 50, expectedVersion: first?.version ?? 0 },
      { signal },
    )
    expect(await rejection(dying)).toBe(signal.reason)
    decide = () => 'pass'
    const stored = await steps.agentState.current('died')
    expect(stored).toMatchObject({ progress: 50 })
    const [third] = await saveAll(steps, 'died', 1, stored)
    expect((await steps.agentState.history('died', { order: 'asc' })).items).toEqual([first, stored, third])
    expect(await archived('died')).toHaveLength(3)
  })

  it('archives the last state of an ended life before the next one begins over it', async () => {
    // Ahead of the real time: the engine really deletes what has expired.
    const clock = testClock(Date.now() + 3_600_000)
    await using short = await testDynamo({
      settings: { endpoint: proxy.endpoint, initialBackoffMs: 5, maxBackoffMs: 20, transactions: false },
      retention: { endedAgentsMs: 1000 },
      now: clock,
    })
    const begun = await short.agentState.save({ agentId: 'lives', status: 'running', expectedVersion: 0 })
    decide = (request) => (isVersionPut(request) ? 'reset' : 'pass')
    const ended = await short.agentState.save({
      agentId: 'lives',
      status: 'failed',
      expectedVersion: begun.version,
    })
    decide = () => 'pass'
    clock.ms += 2000
    expect(await short.agentState.current('lives')).toBeUndefined()
    const anew = await short.agentState.save({ agentId: 'lives', status: 'pending', expectedVersion: 0 })
    expect((await short.agentState.history('lives', { order: 'asc' })).items).toEqual([begun, ended, anew])
  })

  it('knows its own state again when the answer to either write was lost', async () => {
    for (const lost of [1, 2]) {
      const agentId = `lost ${lost}`
      let puts = 0
      decide = ({ operation }) => (operation === 'PutItem' && ++puts === lost ? 'lose-answer' : 'pass')
      const [saved] = await saveAll(steps, agentId, 1)
      expect(puts).toBe(3)
      expect(await steps.agentState.current(agentId)).toEqual(saved)
      expect(await archived(agentId)).toEqual([saved?.version])
    }
  })

  it('reads what is stored where the server does not say what a condition met', async () => {
    const [first] = await saveAll(steps, 'silent', 1)
    decide = ({ operation }) => (operation === 'PutItem' ? { error: 'ConditionalCheckFailedException' } : 'pass')
    const error = await rejection(saveAll(steps, 'silent', 1))
    expect(error).toBeInstanceOf(StaleAgentStateError)
    expect((error as StaleAgentStateError).current).toEqual(first)
    expect(error).toMatchObject({ effect: 'none' })
  })
})

describe.each([
  ['by transactions', () => whole],
  ['in steps', () => steps],
])('agentState.save under faults, %s', (name, dynamo) => {
  it('leaves a whole history, whatever fails on the way', async () => {
    const faults: DynamoFault[] = [
      { error: 'ProvisionedThroughputExceededException' },
      'pass',
      'lose-answer',
      { error: 'InternalServerError', status: 500 },
      'pass',
      'reset',
      'pass',
    ]
    let n = 0
    decide = () => faults[n++ % faults.length] ?? 'pass'
    const agentId = `faults ${name}`
    const saved: AgentState[] = []
    for (let progress = 0; progress < 20; progress++) {
      try {
        const expectedVersion = saved.at(-1)?.version ?? 0
        saved.push(await dynamo().agentState.save({ agentId, status: 'running', progress, expectedVersion }))
      } catch (error) {
        // What failed may have been saved: then it is the state to go on from.
        decide = () => 'pass'
        const current = await dynamo().agentState.current(agentId)
        if (current && current.version !== saved.at(-1)?.version) saved.push(current)
        else expect(error).not.toBeInstanceOf(StaleAgentStateError)
        decide = () => faults[n++ % faults.length] ?? 'pass'
      }
    }
    decide = () => 'pass'
    expect(saved.length).toBeGreaterThan(10)
    expect((await dynamo().agentState.history(agentId, { order: 'asc' })).items).toEqual(saved)
  })
})

describe('an item of an older shape', () => {
  const old = (sk: string, version: number) => ({
    pk: { S: '$mb#agentId_old' },
    sk: { S: sk },
    agentId: { S: 'old' },
    status: { S: 'running' },
    progress: { N: '30' },
    updatedAt: { N: String(version) },
    version: { N: String(version) },
    schemaVersion: { N: '1' },
    ttl: { N: String(Math.floor(Date.now() / 1000) + 3600) },
    __edb_e__: { S: sk.startsWith('$agentVersion') ? 'agentVersion' : 'agent' },
    __edb_v__: { S: '1' },
  })

  it('is read, followed, and kept in the history; the next save writes the current shape', async () => {
    const version = Date.now() - 1000
    const padded = String(version).padStart(16, '0')
    for (const sk of ['$agent_1', `$agentVersion_1#version_${padded}`]) {
      await steps.client.send(new PutItemCommand({ TableName: table, Item: old(sk, version) }))
    }
    const state = await steps.agentState.current('old')
    expect(state).toEqual({
      agentId: 'old',
      status: 'running',
      progress: 30,
      stateData: {},
      updatedAt: new Date(version),
      version,
    })
    const next = await steps.agentState.save({ agentId: 'old', status: 'completed', expectedVersion: version })
    expect((await steps.agentState.history('old', { order: 'asc' })).items).toEqual([state, next])
  })

  it('of a newer release is refused instead of misread', async () => {
    const Item = { ...old('$agent_1', 5), pk: { S: '$mb#agentId_new' }, schemaVersion: { N: '9' } }
    await steps.client.send(new PutItemCommand({ TableName: table, Item }))
    expect(await rejection(steps.agentState.current('new'))).toBeInstanceOf(ItemShapeError)
  })
})

describe('what it costs', () => {
  const state = { agentId: 'costs', status: 'running', expectedVersion: 0 } as const

  it('by transactions: 4 W a save, 1 R the current state, half an R a page of history', async () => {
    expect(await unitsOf(whole, () => saveAll(whole, 'costs', 2))).toEqual({ reads: 0, writes: 8, refused: 0 })
    expect(await unitsOf(whole, () => rejection(whole.agentState.save(state)))).toMatchObject({ writes: 2, refused: 1 })
    expect(await unitsOf(whole, () => whole.agentState.current('costs'))).toMatchObject({ reads: 1, writes: 0 })
    expect(await unitsOf(whole, () => whole.agentState.history('costs'))).toMatchObject({ reads: 0.5, writes: 0 })
  })

  it('in steps: 2 W and 1 R a save, 1 R the current state, 2 R a page of history', async () => {
    expect(await unitsOf(steps, () => saveAll(steps, 'costs', 2))).toEqual({ reads: 2, writes: 4, refused: 0 })
    expect(await unitsOf(steps, () => steps.agentState.current('costs'))).toMatchObject({ reads: 1, writes: 0 })
    expect(await unitsOf(steps, () => steps.agentState.history('costs'))).toMatchObject({ reads: 2, writes: 0 })
  })
})
