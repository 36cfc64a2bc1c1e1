import { defineConfig } from 'vitest/config'
import { common, run, sources } from './test/suite/common.js'

/**
 * Tests that look at sessions of the server: behind a pooler those are the pooler's, and outlive the pool's
 * connections.
 */
const ABOUT_SESSIONS = [
  'DB_IDLE_TIMEOUT closes a connection that was unused for so long',
  'DB_MAX_LIFETIME replaces a connection that is older',
  'DB_MIN_CONNECTIONS are (open before the first query|opened again after|replaced when)',
  'a server that ends sessions while (they are idle|a connection is out)',
  'whatever happens, the limits hold',
  'waits for work in flight and for those who wait already',
  'closes after the transactions that are under way',
  'a statement that the session knows',
  'a change under what several sessions know by name',
  'what a text leaves on the session',
  'takes no slot of the pool',
]

/** Tests of what only the role or the database can set there, and a session keeps that began before. */
const ABOUT_START_UP = [
  'DB_STATEMENT_TIMEOUT',
  'DB_LOCK_TIMEOUT',
  'DB_IDLE_IN_TRANSACTION_TIMEOUT',
  'resolves names in the schema of the URL',
  'knows what the server cut short',
  'says that no writes are accepted',
]

/**
 * `pnpm test:pgbouncer`: the PostgreSQL suite, the relays and the replicas through PgBouncer in transaction mode, which
 * must be installed.
 */
export default defineConfig({
  ...sources,
  test: {
    ...common,
    ...run,
    include: [
      'packages/postgres/test/{compiled,errors,identity,pgbouncer,pool,prisma,statement,transaction}/**/*.test.ts',
      'packages/postgres/test/row-security/matrix.integration.test.ts',
      'packages/postgres/test/health.fault.test.ts',
      // Relays hold no session; their line to others goes past the pooler.
      'packages/db/test/relay/{crashes,floor,relay,relays}.*.test.ts',
      'packages/db/test/outbox/{outbox,order}.*.test.ts',
      // A pooler before each server.
      'packages/db/test/replicas/*.test.ts',
    ],
    testNamePattern: new RegExp(`^(?!.*(${[...ABOUT_SESSIONS, ...ABOUT_START_UP].join('|')}))`),
    globalSetup: ['packages/postgres/test/pgbouncer/global-setup.ts'],
  },
})
