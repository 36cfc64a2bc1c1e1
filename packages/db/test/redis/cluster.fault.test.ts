import { createTestDatabase, RedisServer, sql, until } from '@miyabi/testing'
import { expect, it, onTestFinished } from 'vitest'
import { DatabaseContext } from '../../src/index.js'
import { onlyRelay } from '../only-relay.js'
import { clientOf } from './redis-client.js'
import { variables } from './variables.js'

it('is the same over a cluster of two nodes: one shared entry, tags on either node, and heard by both', async () => {
  const cluster = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']
  const nodes = await Promise.all([RedisServer.start({ args: cluster }), RedisServer.start({ args: cluster })])
  for (const node of nodes) onTestFinished(() => node[Symbol.asyncDispose]())
  const [first, second] = await Promise.all(nodes.map((node) => clientOf(node)))
  await first?.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '8191'])
  await second?.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '8192', '16383'])
  await first?.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', String(nodes[1]?.port)])
  for (const client of [first, second])
    await until(async () => String(await client?.sendCommand(['CLUSTER', 'INFO'])).includes('cluster_state:ok'))

  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  await sql(database.directDatabaseUrl, `SELECT cache_tags('plugins')`)
  const open = async (node = nodes[0]) => {
    const env = variables(database, node?.url)
    const db = await DatabaseContext.fromEnv({ env })
    onTestFinished(async () => void (await db.close()))
    return db
  }
  const [a, b] = [await open(), await open(nodes[1])]
  await onlyRelay(a)
  let loads = 0
  const read = (db: typeof a, n: number) =>
    db.asService().cache.getOrSet(['count', n], { ttlMs: 86_400_000, tags: [`app:n:${n}`] }, async () => ++loads)
  for (const db of [a, b]) {
    await db.asService().cache.getOrSet(['first'], { ttlMs: 1 }, async () => 1)
    await until(async () => db.stats().cache?.isHearing === true)
  }
  const keys = Array.from({ length: 50 }, (_, n) => n)
  const before = await Promise.all(keys.map((n) => read(a, n)))
  await until(async () => {
    const sizes = await Promise.all(
      [first, second].map(async (client) => (await client?.keys('miyabi:e:*'))?.length ?? 0),
    )
    return sizes.every((size) => size > 0) && sizes.reduce((sum, size) => sum + size) >= keys.length
  })
  expect(await Promise.all(keys.map((n) => read(b, n)))).toEqual(before)
  expect(b.stats().cache).toMatchObject({ errors: 0, secondHits: keys.length })
  await a
    .asService()
    .transaction(async (_tx, { outbox }) => void outbox.invalidate(...keys.map((n) => `app:n:${n}` as const)))
  await until(async () => (await sql(database.directDatabaseUrl, `SELECT FROM outbox`)).length === 0)
  for (const n of keys) await until(async () => (await read(b, n)) > keys.length)
  expect(b.stats().cache?.errors).toBe(0)
})
