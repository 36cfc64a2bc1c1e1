import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { deploy, type KillableServer, startKillableServer, until } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseContext, usageProjection, usageRecorded } from '../../src/index.js'

const folder = path.resolve(import.meta.dirname, '../../../../prisma/migrations')
const migrations = () =>
  readdirSync(folder)
    .filter((name) => /^\d/.test(name))
    .sort()
    .map((name) => ({ name, up: readFileSync(path.join(folder, name, 'migration.sql'), 'utf8') }))

describe('a consumer of usage', () => {
  let server: KillableServer
  let db: DatabaseContext
  let userId: string
  beforeAll(async () => {
    server = await startKillableServer()
    await deploy(server.directDatabaseUrl, migrations())
    db = await DatabaseContext.fromEnv({
      env: {
        DATABASE_URL: server.databaseUrl,
        SERVICE_DATABASE_URL: server.serviceDatabaseUrl,
        DYNAMODB_ENDPOINT: server.dynamodbEndpoint,
        DB_MIN_CONNECTIONS: '1',
      },
    })
    await db.dynamodb.tables.apply()
    const { pg } = db.asService()
    userId = (await pg.user.create({ data: { email: 'a@example.com' } })).id
    const plugin = { name: 'a', displayName: 'a', source: 'github:a/a', version: '1.0.0', tier: 'pro' } as const
    await pg.plugin.create({ data: { id: 'plugin-a', ...plugin } })
  }, 180_000)
  afterAll(async () => {
    await db?.close(0)
    await server?.[Symbol.asyncDispose]()
  })

  it('counts usage once, though both servers are killed while it does', { timeout: 180_000 }, async () => {
    await using consumer = db.streams.consume('usage', { ...usageProjection, batch: 5, leaseMs: 1000 })
    let appended = 0
    const append = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        // The same event again, until it is known to be stored.
        const identity = { occurredAt: new Date(), idempotencyKey: String(appended) }
        const usage = { userId, pluginId: 'plugin-a', use: 'command_used', meter: 'tokens', quantity: 3 } as const
        for (let stored = false; !stored; ) {
          stored = await db.dynamodb.events.append(usageRecorded(usage, identity)).then(
            () => true,
            () => false,
          )
        }
        appended += 1
      }
    }
    await append(20)
    await until(async () => consumer.stats().records > 0)
    server.killDynamodb()
    await append(20)
    server.kill()
    await append(20)
    await server.returned()
    const total = async (): Promise<number> => {
      const [row] = await db
        .asService()
        .pg.usageAggregate.findMany()
        .catch(() => [])
      return Number(row?.tokens ?? 0)
    }
    await until(async () => (await total()) >= appended * 3 && consumer.stats().failing === undefined)
    expect(await total()).toBe(180)
    expect(await db.asService().pg.usageEvent.count()).toBe(60)
    expect(consumer.stats()).toMatchObject({ gaps: 0, dead: 0 })
  })
})
