import { PrismaPg } from '@prisma/adapter-pg'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import type { ExecutionStatus, PluginLimitations } from '../../src/schema/domain.js'
import { type Plugin, PrismaClient } from '../../src/schema/generated/client.js'
import type {} from '../../src/schema/prisma-types.generated.js'
import { openCurrent } from './current-database.js'
import { idOf } from './rows.js'
import type { SchemaDatabase } from './schema-database.js'

describe('the schema through the Prisma client', () => {
  let db: SchemaDatabase
  let prisma: PrismaClient
  beforeAll(async () => {
    db = await openCurrent()
    prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) })
  })
  afterAll(async () => {
    await prisma.$disconnect()
    await db.close()
  })

  it('leaves ids and times to the database, so that one clock orders the rows of all processes', async () => {
    const [user, clock] = await prisma.$transaction(async (tx) => [
      await tx.user.create({ data: { email: 'clock@example.org' } }),
      await tx.$queryRaw<[{ now: Date }]>`SELECT now()::timestamptz(3) AS now`,
    ])
    expect(Math.abs(user.createdAt.getTime() - clock[0].now.getTime())).toBeLessThanOrEqual(1)
    expect(user.updatedAt).toEqual(user.createdAt)
  })

  it('types states by their values, on the way in and out', async () => {
    const execution = await prisma.agentExecution.create({
      data: {
        userId: await idOf(db, 'web_users'),
        repositoryId: await idOf(db, 'repositories'),
        agentType: 'CodeGen',
      },
    })
    expectTypeOf(execution.status).toEqualTypeOf<ExecutionStatus>()
    expect(execution.status).toBe('pending')
    const unknown = prisma.agentExecution.update({
      where: { id: execution.id },
      // @ts-expect-error no such state
      data: { status: 'stuck' },
    })
    await expect(unknown).rejects.toThrow('agent_executions_status_known')
  })

  it('types the shape of jsonb columns', () => {
    expectTypeOf<Plugin['limitations']>().toEqualTypeOf<PluginLimitations>()
  })

  it('holds GitHub ids and token counts as bigint, exactly', async () => {
    const person = await prisma.webUser.create({ data: { githubId: 9007199254740993n, githubUsername: 'octocat' } })
    expect(person.githubId).toBe(9007199254740993n)
  })

  it('reads back a Date as it was written', async () => {
    const startedAt = new Date('2025-11-29T00:00:00.123Z')
    const trial = await prisma.trial.create({
      data: {
        userId: await idOf(db, 'users'),
        pluginId: await idOf(db, 'plugins'),
        licenseKey: 'key',
        startedAt,
        expiresAt: new Date('2025-12-13T00:00:00.123Z'),
      },
    })
    expect(trial.startedAt).toEqual(startedAt)
    expect(await prisma.trial.count({ where: { startedAt } })).toBe(1)
  })
})
