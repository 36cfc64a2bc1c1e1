import { PrismaPg } from '@prisma/adapter-pg'
import type { PostgresSettings } from './config.js'
import { countedClient } from './counted-client.js'
import { PostgresError } from './errors.js'
import { Operations } from './operations.js'
import { closedError, type Pool } from './pool.js'
import { schemaOf } from './pool-config.js'
import type { PrismaClient } from './prisma.js'
import { createStatementNames } from './statement-names.js'

/** Prisma's own limit on the wait for a connection must come after the pool's, whose error tells why. */
const AFTER_ACQUIRE_MS = 1000

/**
 * Makes the Prisma client over a pool. It connects with the first query. What it does is counted in `operations`.
 * @throws {PostgresError} `postgres.pool.second_pg` where Prisma would not use the pool.
 */
export function createPrismaClient(
  pool: Pool,
  settings: PostgresSettings,
  operations = new Operations(),
): PrismaClient {
  const Client = countedClient(operations, () => closedError(pool.name))
  return new Client({
    adapter: createAdapter(pool, settings),
    // The other formats print a call's arguments into validation errors, and lines of source around a failed one.
    errorFormat: 'minimal',
    transactionOptions: { maxWait: settings.acquireTimeoutMs + AFTER_ACQUIRE_MS },
  })
}

function createAdapter(pool: Pool, settings: PostgresSettings): PrismaPg {
  const schema = schemaOf(settings)
  const adapter = new PrismaPg(pool, {
    ...(schema === undefined ? {} : { schema }),
    // Behind a pooler the next use of a name may come to another session, which does not know it.
    ...(settings.pooler === 'none' ? { statementNameGenerator: createStatementNames() } : {}),
  })
  // The adapter knows a pool by `instanceof`. With a second copy of `pg` it takes ours for a record of options, ignores what it
  // does not find there, and connects to localhost.
  if ((adapter as unknown as { readonly externalPool: unknown }).externalPool !== pool) {
    throw new PostgresError(
      'postgres.pool.second_pg',
      'Prisma does not take the pool for one of pg: two copies of pg are installed; pin one version (`overrides` in pnpm-workspace.yaml) and install again',
    )
  }
  return adapter
}
