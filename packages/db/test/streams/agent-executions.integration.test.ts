import { randomUUID } from 'node:crypto'
import { type TestDatabase, until } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentExecutionProjection, DatabaseContext } from '../../src/index.js'
import { testEnvironment } from '../environment.js'

let database: TestDatabase
let db: DatabaseContext
let execution: string
beforeAll(async () => {
  const environment = await testEnvironment()
  database = environment.database
  db = await DatabaseContext.fromEnv({ env: environment.env })
  const { pg } = db.asService()
  const { id: userId } = await pg.webUser.create({ data: { githubId: 1n, githubUsername: 'alice' } })
  const { id: repositoryId } = await pg.repository.create({
    data: { userId, githubRepoId: 1n, owner: 'a', name: 'a', fullName: 'a/a' },
  })
  execution = (await pg.agentExecution.create({ data: { userId, repositoryId, agentType: 'CodeGen' } })).id
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

describe('the projection of agents on their executions', () => {
  it('brings a row up to the last state, and no older one back; makes none where there is none', async () => {
    const { agentState } = db.dynamodb
    await using consumer = db.streams.consume('executions', agentExecutionProjection)
    const row = () => db.asService().pg.agentExecution.findUniqueOrThrow({ where: { id: execution } })
    const running = await agentState.save({ agentId: execution, status: 'running', expectedVersion: 0 })
    await until(async () => (await row()).status === 'running')
    expect(await row()).toMatchObject({
      startedAt: running.updatedAt,
      completedAt: null,
      stateVersion: running.version,
    })

    const agentId = randomUUID()
    await agentState.save({ agentId, status: 'running', expectedVersion: 0 })
    await agentState.save({ agentId: 'no UUID', status: 'running', expectedVersion: 0 })
    const done = await agentState.save({ agentId: execution, status: 'completed', expectedVersion: running.version })
    await until(async () => (await row()).status === 'completed' && consumer.stats().passedOver >= 2)
    expect(await row()).toMatchObject({ startedAt: running.updatedAt, completedAt: done.updatedAt })
    expect(await db.asService().pg.agentExecution.count()).toBe(1)

    // As after a gap: all of it once more, to a row that is ahead.
    await db.asService().pg.agentExecution.update({
      where: { id: execution },
      data: { stateVersion: done.version + 1, status: 'failed' },
    })
    await using again = db.streams.consume('executions-again', agentExecutionProjection)
    await until(async () => again.stats().records >= 4)
    expect(await row()).toMatchObject({ status: 'failed' })
  })
})
