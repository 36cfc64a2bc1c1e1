import { createTestDatabase, dynamodbEndpoint, sql } from '@miyabi/testing'
import pg from 'pg'
import { expect, it } from 'vitest'
import { beTestRun, testDatabaseWorkload } from '../src/suites/start/test-database-workload.js'

it('the first database of a process is measured without dropping any that somebody else creates meanwhile', async () => {
  await using migrated = await createTestDatabase()
  const servers = { ...migrated, dynamodbEndpoint: dynamodbEndpoint(), versions: {} }
  const admin = new pg.Client(`${migrated.directDatabaseUrl.replace(/\/[^/]*$/, '')}/postgres`)
  await admin.connect()
  const restore = await beTestRun(admin, servers)
  try {
    const workload = testDatabaseWorkload(admin, servers)
    const first = workload.contenders.find(({ name }) => name === 'first of a process')
    await first?.before?.()
    await admin.query(`CREATE DATABASE ${migrated.name}_else`)
    await first?.run(0)
    await first?.after?.()
  } finally {
    restore()
    await admin.end()
  }
  const names = (await sql(migrated.directDatabaseUrl, 'SELECT datname FROM pg_database')).map(({ datname }) => datname)
  expect(names).toContain(`${migrated.name}_else`)
  expect(names.filter((name) => String(name).startsWith(`${migrated.name}_bench`))).toEqual([
    `${migrated.name}_bench_migrated`,
  ])
})
