import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import type { TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  DatabaseContext,
  DynamoError,
  isMiyabiError,
  MiyabiError,
  mapError,
  PostgresError,
  Prisma,
} from '../src/index.js'
import { testEnvironment } from './environment.js'

let database: TestDatabase
let db: DatabaseContext
beforeAll(async () => {
  const environment = await testEnvironment()
  database = environment.database
  db = await DatabaseContext.fromEnv({ env: environment.env })
})
afterAll(async () => {
  await db?.close()
  await database?.drop()
})

async function failureOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('it should have failed')
}

const user = { email: 'ada@example.com' }

describe('mapError', () => {
  it("reads what the calls of `pg` threw, which is Prisma's own and stays that", async () => {
    const { pg } = db.asService()
    await pg.user.create({ data: user })
    const caught = await failureOf(() => pg.user.create({ data: user }))
    expect(caught).toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
    expect(caught).toMatchObject({ code: 'P2002' })
    const error = mapError(caught)
    expect(isMiyabiError(error, 'postgres.unique_violation') && error.details.columns).toEqual(['email'])
    expect(error).toMatchObject({ effect: 'none', retryable: false })
    const invalid = await failureOf(() => pg.user.create({ data: {} as typeof user }))
    expect(caught).toMatchObject({ code: 'P2002' })
    expect(isMiyabiError(mapError(invalid), 'postgres.invalid_query')).toBe(true)
  })

  it('gives back what our own calls threw, of either store', async () => {
    const { agentState, events } = db.dynamodb
    const failures = [
      () => db.asService().query('SELECT 1 / 0'),
      () => agentState.save({ agentId: 'zz', status: 'completed', expectedVersion: 0 }),
      () => events.byType('x', { cursor: 'bad' }),
    ].map(failureOf)
    const caught = await Promise.all(failures)
    expect(caught.map(mapError)).toEqual(caught)
    for (const [n, error] of caught.entries()) expect(mapError(error)).toBe(caught[n])
    expect(caught.map((error) => isMiyabiError(error) && error.code)).toEqual([
      'postgres.invalid_value',
      'dynamo.agent_state.illegal_transition',
      'dynamo.cursor',
    ])
  })

  it("reads what the AWS SDK's client threw, with what is known of that call", async () => {
    const get = new GetItemCommand({ TableName: 'NoSuchTable', Key: { pk: { S: 'a' }, sk: { S: 'b' } } })
    const caught = await failureOf(() => db.dynamodb.client.send(get))
    expect(caught).not.toBeInstanceOf(MiyabiError)
    const error = mapError(caught)
    if (!isMiyabiError(error, 'dynamo.table_missing')) throw error
    expect(error).toBeInstanceOf(DynamoError)
    expect(error.details).toMatchObject({ operation: 'GetItem', tables: ['NoSuchTable'], attempts: 1 })
    expect(error.effect).toBe('none')
  })

  it('reads a failure of PostgreSQL inside the work of a transaction, and leaves what the work throws', async () => {
    const service = db.asService()
    const mine = Object.assign(new Error('mine'), { code: '40001' })
    const bug = new TypeError('x is undefined')
    let attempts = 0
    for (const own of [mine, bug]) {
      const caught = await failureOf(() =>
        service.transaction(async () => {
          attempts += 1
          throw own
        }),
      )
      expect([caught, mapError(caught)]).toEqual([own, own])
      expect(mapError(caught)).toBe(own)
    }
    expect(attempts).toBe(2) // what looks like a conflict and is none is not run again
    const caught = await failureOf(() => service.transaction((tx) => tx.user.create({ data: user })))
    expect(caught).toBeInstanceOf(PostgresError)
    expect(mapError(caught)).toBe(caught)
  })

  it("makes no store's failure of an abort, a timeout of the caller, a text, or what throws when it is read", async () => {
    const aborted = await failureOf(() =>
      db.dynamodb.events.byType('x', { signal: AbortSignal.abort(new Error('gone')) }),
    )
    const serialized = await failureOf(async () => JSON.stringify({ n: 1n }))
    const refuse = (): never => {
      throw new Error('read')
    }
    const unreadable = new Proxy({}, { get: refuse, has: refuse, getPrototypeOf: refuse })
    const timeout = new DOMException('too late', 'TimeoutError')
    for (const other of [aborted, serialized, timeout, unreadable, 'text', 0, null, undefined, Symbol('s')]) {
      expect(Object.is(mapError(other), other)).toBe(true)
    }
  })
})
