import { Adapter, type AdapterHost } from './adapter.js'
import type { PostgresSettings } from './config.js'
import { countedClient } from './counted-client.js'
import type { Operations } from './operations.js'
import type { Pool } from './pool.js'
import { closedError } from './pool-closed.js'
import { schemaOf } from './pool-config.js'
import type { PrismaClient } from './prisma.js'
import type { Scope, Scopes } from './scope.js'
import { runIn } from './scoped-client.js'
import type { NamedQuery } from './statement-names.js'

/** Prisma's own limit on the wait for a connection must come after the pool's, whose error tells why. */
const AFTER_ACQUIRE_MS = 1000

/**
 * Makes the Prisma client over a pool. It connects with the first query. What it does is counted in `operations`, and runs in `scope`
 * where one is given.
 * @throws {PostgresError} `postgres.pool.second_pg` where Prisma would not use the pool.
 */
export function createPrismaClient(
  pool: Pool,
  settings: PostgresSettings,
  operations: Operations,
  host: Omit<AdapterHost, 'limits'>,
  { scope, scopes }: { readonly scope: Scope | undefined; readonly scopes: Scopes },
): PrismaClient {
  const Client = countedClient(operations, () => closedError(pool.name))
  const schema = schemaOf(settings)
  const { names } = host.runner
  const adapter = new Adapter(
    pool,
    { ...host, limits: settings },
    {
      ...(schema === undefined ? {} : { schema }),
      ...(names ? { statementNameGenerator: (query: NamedQuery) => names.of(query) } : {}),
    },
  )
  const client = new Client({
    adapter,
    // The other formats print a call's arguments into validation errors, and lines of source around a failed one.
    errorFormat: 'minimal',
    transactionOptions: { maxWait: settings.acquireTimeoutMs + AFTER_ACQUIRE_MS },
  })
  runIn(scope, scopes, client)
  return client
}
