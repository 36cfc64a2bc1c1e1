import { defined, type Logger, type Operations } from '@miyabi/core'
import type { Scope, Scopes } from '../identity/scope.js'
import { assertInternals } from '../internals/check.js'
import { type ClientInternals, COMPILED_QUERIES, clientCheck, internalsOfClient } from '../internals/prisma.js'
import { closedError } from '../pool/closed.js'
import type { Pool } from '../pool/pool.js'
import { type Prisma, PrismaClient } from '../schema/prisma.js'
import type { ResolvedSettings } from '../settings/resolve.js'
import type { NamedQuery } from '../statement/names.js'
import { Adapter, type AdapterHost } from './adapter.js'
import { BulkInserts } from './bulk/bulk-inserts.js'
import { refuseChangedValues } from './changed-values.js'
import { CallCounts } from './compiled/call-counts.js'
import { CompiledQueries } from './compiled/compiled-queries.js'
import { obstacleTo } from './compiled/obstacle.js'
import { Planner } from './compiled/planner.js'
import { countedClient, type Intake } from './counted-client.js'
import { dataModelOf } from './data-model.js'
import { runIn, SCOPE } from './scoped-client.js'

/** Prisma's own limit on the wait for a connection must come after the pool's, whose error tells why. */
const AFTER_ACQUIRE_MS = 1000

/** What a client has of its own. */
export interface ClientOptions {
  readonly scope: Scope | undefined
  readonly scopes: Scopes
  /** The class that `prisma generate` made, of whose schema nothing here knows. Default: that of this package's own. */
  readonly Client?: typeof PrismaClient
  /** Told what is switched off. */
  readonly logger: Logger | undefined
  /** What `$on` is told of. Nothing by default: Prisma makes an event of each query, whether anybody listens or not. */
  readonly log?: Prisma.LogDefinition[]
}

/** A client, and what compiles its reads. */
export interface OwnClient {
  readonly client: PrismaClient
  readonly compiled: CompiledQueries
}

/** All clients of a class are of one version. */
const checks = new WeakMap<typeof PrismaClient, ReturnType<typeof clientCheck>>()

/**
 * Makes the Prisma client over a pool. It connects with the first query. What it does is counted in `operations`, and
 * runs in `scope` where one is given.
 * @throws {PostgresError} `postgres.pool.second_pg` where Prisma would not use the pool; `postgres.internals_missing`.
 */
export function createPrismaClient(
  pool: Pool,
  settings: ResolvedSettings,
  operations: Operations,
  host: Omit<AdapterHost, 'limits' | 'bulk'>,
  { scope, scopes, Client = PrismaClient, logger, log }: ClientOptions,
): OwnClient {
  const counts = new CallCounts()
  const bulk = new BulkInserts({
    isOn: settings.compiledQueries,
    signal: () => host.attempts.current?.signal ?? pool.cancelScope?.signal,
    onOutdated: () => {
      const { current } = host.attempts
      if (current) current.isStale = true
    },
    counts,
  })
  const { schema } = settings.target
  const { names } = host.runner
  const adapter = new Adapter(
    pool,
    { ...host, limits: settings, bulk },
    {
      ...defined({ schema }),
      ...(names ? { statementNameGenerator: (query: NamedQuery) => names.of(query) } : {}),
    },
  )
  const intake: Intake = {
    calls: pool.hooks.calls,
    isPart: () => host.attempts.current !== undefined || pool.cancelScope !== undefined,
    bulk,
    refusal: () => closedError(pool.name),
    onRaced: (what, attempt) => host.retrier.raced(what, attempt),
    onLostRace: () => {
      const { current } = host.attempts
      if (current) current.hasLostRace = true
    },
  }
  const CountedClient = countedClient(Client, operations, intake)
  const client = new CountedClient({
    adapter,
    // The other formats print a call's arguments into validation errors, and lines of source around a failed one.
    errorFormat: 'minimal',
    ...defined({ log }),
    transactionOptions: { maxWait: settings.acquireTimeoutMs + AFTER_ACQUIRE_MS },
  })
  const check = checks.get(Client) ?? clientCheck(client, Client)
  checks.set(Client, check)
  assertInternals(check)
  const engine = internalsOfClient(client)._engine
  runIn(scope, { scopes, bulk, workOf: () => pool.cancelScope }, client)
  const { _clientVersion: version } = internalsOfClient(client)
  const compiled = new CompiledQueries({
    counts,
    planner: new Planner(engine, () => adapter.connectionInfo),
    runner: host.runner,
    scopeOf: (caller) => (caller as ClientInternals & { readonly [SCOPE]?: Scope })[SCOPE],
    toPrisma: (error) => adapter.toPrisma(error),
    readAgain: (sql, error, again) => adapter.readAgain(sql, error, again),
    dataModelOf,
    workOf: () => pool.cancelScope,
    refuseChangedValues: (caller, call) => refuseChangedValues(call, () => dataModelOf(caller)),
    logger,
  })
  if (!settings.compiledQueries) compiled.leaveOff('DB_COMPILED_QUERIES is false')
  else if (!check.has(COMPILED_QUERIES, logger)) compiled.leaveOff('Prisma lacks what they need')
  else {
    const obstacle = obstacleTo(version)
    if (obstacle !== undefined) compiled.switchOff(obstacle)
    intake.compiled = compiled
  }
  return { client, compiled }
}
