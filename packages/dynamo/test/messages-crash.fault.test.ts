import { type DynamoFault, dynamodbEndpoint, startDynamoProxy, startKillableServer, tablePrefix } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { createDynamo, type Dynamo } from '../src/dynamo.js'
import { parseDynamoSettings } from '../src/settings/config.js'
import { type Exchange, exchange, type Got } from './messages-exchange.js'
import { testDynamo } from './support.js'

const isLong = process.env['MIYABI_TEST_LONG'] === '1'
const PATIENCE_MS = isLong ? 1_800_000 : 180_000
const messagesEach = isLong ? 625 : 12
const recipients = isLong ? 4 : 3
const sendersEach = isLong ? 4 : 3

/** Numbers that look random and are the same in every run. */
function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function parties(seed: number): Exchange {
  const random = sequence(seed)
  return {
    recipients,
    sendersEach,
    messagesEach,
    fate() {
      const r = random()
      return r < 0.1 ? 'die' : r < 0.2 ? 'fly' : r < 0.3 ? 'leave' : 'go on'
    },
  }
}

/** Each sender's messages came whole and in order, and none is left. */
async function expectAllInOrder(dynamo: Dynamo, got: Got): Promise<void> {
  expect(got.size).toBe(recipients * sendersEach)
  const whole = Array.from({ length: messagesEach }, (_, n) => n)
  for (const [sender, numbers] of got) expect(numbers, sender).toEqual(whole)
  for (let r = 0; r < recipients; r++) {
    expect((await dynamo.messages.undelivered(`r${r}`)).items).toEqual([])
    expect(await dynamo.messages.queue(`r${r}`)).toMatchObject({ expired: 0 })
  }
}

const count = (recipients * sendersEach * messagesEach).toLocaleString('en')

describe(`${count} messages`, () => {
  it(
    'come whole and in order while readers crash and reconnect and a third of the answers is a fault',
    async () => {
      const random = sequence(1)
      const faults: DynamoFault[] = [
        'reset',
        'lose-answer',
        { error: 'InternalServerError', status: 500 },
        { error: 'ProvisionedThroughputExceededException' },
        { error: 'ThrottlingException' },
      ]
      let isFaulty = true
      await using proxy = await startDynamoProxy(dynamodbEndpoint(), () =>
        isFaulty && random() < 0.3 ? (faults[Math.floor(random() * faults.length)] ?? 'pass') : 'pass',
      )
      await using dynamo = await testDynamo({
        settings: { endpoint: proxy.endpoint, initialBackoffMs: 2, maxBackoffMs: 20 },
        messages: { leaseMs: 400 },
      })
      const got = await exchange(dynamo, parties(2))
      isFaulty = false
      await expectAllInOrder(dynamo, got)
    },
    PATIENCE_MS,
  )

  it(
    'come whole and in order while the engine is killed and started again',
    async () => {
      await using server = await startKillableServer()
      const settings = parseDynamoSettings({ DYNAMODB_ENDPOINT: server.dynamodbEndpoint })
      await using dynamo = createDynamo(
        { ...settings, tablePrefix: tablePrefix(), initialBackoffMs: 5, maxBackoffMs: 100 },
        { messages: { leaseMs: 400 } },
      )
      await dynamo.tables.apply()
      let kills = 0
      const killer = setInterval(
        () => {
          if (kills < (isLong ? 10 : 2)) server.killDynamodb()
          kills += 1
        },
        isLong ? 3000 : 250,
      )
      const got = await exchange(dynamo, parties(3)).finally(() => clearInterval(killer))
      expect(kills).toBeGreaterThanOrEqual(isLong ? 10 : 1)
      await expectAllInOrder(dynamo, got)
    },
    PATIENCE_MS,
  )
})
