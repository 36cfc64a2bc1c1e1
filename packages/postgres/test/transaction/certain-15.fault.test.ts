import { startTcpProxy } from '@miyabi/testing'
import { expect, it } from 'vitest'
import { createPostgres, parsePostgresSettings } from '../../src/index.js'
import { startPostgres15 } from '../schema/postgres-15.js'

it('a COMMIT that is certain is done once on PostgreSQL 15 too, with what goes with it, as a person and as the service', {
  timeout: 180_000,
}, async () => {
  const server = await startPostgres15()
  const { databaseUrl, serviceDatabaseUrl } = await server.create()
  const proxy = await startTcpProxy(databaseUrl)
  const settings = parsePostgresSettings({
    DATABASE_URL: proxy.url(databaseUrl),
    SERVICE_DATABASE_URL: proxy.url(serviceDatabaseUrl),
  })
  const people = createPostgres(settings)
  const service = createPostgres(settings, { role: 'service' })
  const { id } = await service.prisma.user.create({ data: { email: 'alice@example.com' } })
  const text = `INSERT INTO outbox (id, key, topic, payload) VALUES (gen_random_uuid(), 'k', 'events.append', $1)`
  for (const [who, postgres] of Object.entries({ alice: people.as({ userId: id }), service })) {
    for (const [when, expected] of [
      ['before', 2],
      ['after', 1],
    ] as const) {
      let runs = 0
      const result = await postgres.transaction(
        async (tx, run) => {
          runs += 1
          await tx.user.count()
          run.atCommit(() => ({ text, values: [JSON.stringify({ who, when })] }))
          if (runs === 1) proxy.cutAt('COMMIT', when)
          return runs
        },
        { certain: true, deadlineMs: 60_000 },
      )
      expect([who, when, result]).toEqual([who, when, expected])
    }
  }
  const { rows } = await service.query('SELECT key, payload FROM outbox ORDER BY position')
  expect(rows).toEqual([
    { key: `user:${id}:k`, payload: { who: 'alice', when: 'before' } },
    { key: `user:${id}:k`, payload: { who: 'alice', when: 'after' } },
    { key: 'k', payload: { who: 'service', when: 'before' } },
    { key: 'k', payload: { who: 'service', when: 'after' } },
  ])
  await Promise.all([people.close(), service.close()])
  await proxy.close()
  await server.close()
})
