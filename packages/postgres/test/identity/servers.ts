import { createTestDatabase } from '@miyabi/testing'
import { afterAll, describe } from 'vitest'
import { asTheRun } from '../pgbouncer/pgbouncer.js'
import { type Postgres15, startPostgres15 } from '../schema/postgres-15.js'
import type { IdentityDatabase } from './people.js'

/**
 * Runs a suite on the server of the run and on the oldest version that is supported, behind a pooler where the run is.
 */
export function onEachServer(suite: (open: () => Promise<IdentityDatabase>, isOldest: boolean) => void): void {
  describe('on the server of the run', () => suite(createTestDatabase, false))
  describe('on PostgreSQL 15', () => {
    let server: Postgres15 | undefined
    afterAll(() => server?.close())
    suite(async () => {
      server ??= await startPostgres15()
      return asTheRun(await server.create())
    }, true)
  })
}
