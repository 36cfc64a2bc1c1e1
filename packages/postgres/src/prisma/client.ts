import { defined, type Operations } from '@miyabi/core'
import type { Scope, Scopes } from '../identity/scope.js'
import { assertInternals } from '../internals/check.js'
import { clientCheck } from '../internals/prisma.js'
import { closedError } from '../pool/closed.js'
import type { Pool } from '../pool/pool.js'
import type { PrismaClient } from '../schema/prisma.js'
import type { ResolvedSettings } from '../settings/resolve.js'
import type { NamedQuery } from '../statement/names.js'
import { Adapter, type AdapterHost } from './adapter.js'
import { countedClient } from './counted-client.js'
import { runIn } from './scoped-client.js'

/** Prisma's own limit on the wait for a connection must come after the pool's, whose error tells why. */
const AFTER_ACQUIRE_MS = 1000

/** All clients of a process are of one version. */
let isChecked = false

/**
 * Makes the Prisma client over a pool. It connects with the first query. What it does is counted in `operations`, and
 * runs in `scope` where one is given.
 * @throws {PostgresError} `postgres.pool.second_pg` where Prisma would not use the pool; `postgres.internals_missing`.
 */
export function createPrismaClient(
  pool: Pool,
  settings: ResolvedSettings,
  operations: Operations,
  host: Omit<AdapterHost, 'limits'>,
  { scope, scopes }: { readonly scope: Scope | undefined; readonly scopes: Scopes },
): PrismaClient {
  const Client = countedClient(operations, {
    isPart: () => host.attempts.current !== undefined || pool.cancelScope !== undefined,
    refusal: () => closedError(pool.name),
    onLostRace: () => {
      const { current } = host.attempts
      if (current) current.hasLostRace = true
    },
  })
  const { schema } = settings.target
  const { names } = host.runner
  const adapter = new Adapter(
    pool,
    { ...host, limits: settings },
    {
      ...defined({ schema }),
      ...(names ? { statementNameGenerator: (query: NamedQuery) => names.of(query) } : {}),
    },
  )
  const client = new Client({
    adapter,
    // The other formats print a call's arguments into validation errors, and lines of source around a failed one.
    errorFormat: 'minimal',
    transactionOptions: { maxWait: settings.acquireTimeoutMs + AFTER_ACQUIRE_MS },
  })
  if (!isChecked) assertInternals(clientCheck(client))
  isChecked = true
  runIn(scope, scopes, client, () => pool.cancelScope)
  return client
}
