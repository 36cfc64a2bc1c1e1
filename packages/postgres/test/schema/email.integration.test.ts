import { PrismaPg } from '@prisma/adapter-pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PrismaClient } from '../../src/schema/generated/client.js'
import { openCurrent } from './current-database.js'
import type { SchemaDatabase } from './schema-database.js'

/** docs/decisions/0004-case-insensitive-email.md leans on what these say of Prisma. */
describe('e-mail through the Prisma client', () => {
  let db: SchemaDatabase
  let prisma: PrismaClient
  let id: string
  beforeAll(async () => {
    db = await openCurrent()
    prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) })
    ;({ id } = await prisma.user.create({ data: { email: 'Ann@Example.org' } }))
    await prisma.user.create({ data: { email: 'bob@example.org' } })
  })
  afterAll(async () => {
    await prisma.$disconnect()
    await db.close()
  })

  it('is found by findUnique in any spelling', async () => {
    expect(await prisma.user.findUnique({ where: { email: 'ANN@example.ORG' } })).toMatchObject({
      id,
      email: 'Ann@Example.org',
    })
    expect(await prisma.user.findUniqueOrThrow({ where: { email: 'ann@example.org' } })).toMatchObject({ id })
  })

  it('is found by many findUnique in one tick, which Prisma may merge into one query and match in memory', async () => {
    const find = (email: string) => prisma.user.findUnique({ where: { email }, select: { email: true } })
    const found = await Promise.all(
      ['ANN@example.org', 'ann@EXAMPLE.org', 'BOB@example.org', 'eve@example.org'].map(find),
    )
    expect(found.map((user) => user?.email)).toEqual([
      'Ann@Example.org',
      'Ann@Example.org',
      'bob@example.org',
      undefined,
    ])
  })

  it('is found so within a transaction too', async () => {
    const found = await prisma.$transaction((tx) =>
      Promise.all(['ANN@example.org', 'BOB@example.org'].map((email) => tx.user.findUnique({ where: { email } }))),
    )
    expect(found.map((user) => user?.email)).toEqual(['Ann@Example.org', 'bob@example.org'])
  })

  it('is updated, not inserted, by upsert in another spelling, whichever way Prisma takes', async () => {
    const email = 'aNN@example.org'
    const native = await prisma.user.upsert({ where: { email }, create: { email }, update: { name: 'Ann' } })
    const twoSteps = await prisma.user.upsert({
      where: { email },
      create: { email: 'ann@x.org' },
      update: { name: 'Ann B.' },
    })
    expect([native.id, twoSteps.id]).toEqual([id, id])
    expect(twoSteps).toMatchObject({ email: 'Ann@Example.org', name: 'Ann B.' })
  })

  it('connects, updates, lists and deletes in any spelling', async () => {
    const { authorId } = await prisma.plugin.create({
      data: {
        id: 'greeter',
        name: 'greeter',
        displayName: 'Greeter',
        source: 'github:miyabi/greeter',
        version: '1.0.0',
        tier: 'free',
        author: { connect: { email: 'ANN@EXAMPLE.ORG' } },
      },
    })
    expect(authorId).toBe(id)
    expect(await prisma.user.findMany({ where: { email: { in: ['BOB@EXAMPLE.ORG', 'eve@x.org'] } } })).toHaveLength(1)
    expect(await prisma.user.update({ where: { email: 'BOB@EXAMPLE.ORG' }, data: { name: 'Bob' } })).toMatchObject({
      name: 'Bob',
    })
    await prisma.user.delete({ where: { email: 'BOB@EXAMPLE.ORG' } })
    expect(await prisma.user.count({ where: { email: 'bob@example.org' } })).toBe(0)
  })
})
