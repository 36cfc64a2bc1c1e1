import { type Logger, RetryBudget, redactingLogger, silentLogger } from '@miyabi/core'
import { type DynamoOnDemand, dynamoOnDemand, type EffectChecks, effectChecks } from '@miyabi/dynamo/on-demand'
import type { Postgres, PostgresHealth, PostgresSettings } from '@miyabi/postgres'
import {
  checkHealth,
  createPostgres,
  openLine,
  resolvePostgresSettings,
  useReadCache,
} from '@miyabi/postgres/on-demand'
import { readsOfAll, refusingReads } from '../cache/cached-reads.js'
import { CacheDoor } from '../cache/door.js'
import { Listener } from '../listen/listener.js'
import { messageWakes } from '../listen/message-wakes.js'
import { ANYBODY, readBacklog } from '../outbox/backlog.js'
import { CommitSignal } from '../outbox/commit-signal.js'
import { DepthBound } from '../outbox/depth-bound.js'
import type { EffectDefinitions } from '../outbox/effects.js'
import { OUTBOX_CHANNEL } from '../relay/open-relay.js'
import { checkedMaxAge, DEFAULT_MAX_AGE_MS, Tokens } from '../seen/token.js'
import { AddedFields } from './added-fields.js'
import type { CreateOptions } from './options.js'
import { type DatabaseServers, serversOf } from './servers.js'

/** Everything a context consists of. */
export interface Stores {
  readonly logger: Logger
  readonly postgres: Postgres
  /** Creates the service's pool. */
  readonly openService: () => Postgres
  /** Checks the service's login without a pool; undefined if there is none. */
  readonly checkService: ((options: { readonly signal: AbortSignal }) => Promise<PostgresHealth>) | undefined
  readonly dynamo: DynamoOnDemand
  readonly servers: DatabaseServers
  /** The remedy for a DynamoDB that cannot be available; its health is then known without a check. */
  readonly dynamodbUnavailable: string | undefined
  /** Receives notifications of other processes. */
  readonly listener: Listener | undefined
  readonly effects: EffectsOfContext
  /** Encode what a scope has read and written. */
  readonly tokens: Tokens
  /** The key of the marks of erasures. */
  readonly erasureKey: string | undefined
  readonly cache: CacheDoor
  /** The fields that observers add to every log line. */
  readonly logFields: AddedFields
}

/** What the outboxes of a context share, and its relay. */
interface EffectsOfContext {
  readonly definitions: EffectDefinitions
  readonly checks: EffectChecks
  readonly committed: CommitSignal
  /** Present if DB_OUTBOX_MAX_DEPTH is set. */
  readonly bound: DepthBound | undefined
}

/**
 * Creates both stores from settings, without waiting for a server.
 * @throws {ConfigError} for a URL or a certificate file that cannot be used.
 */
export function openStores(settings: CreateOptions<EffectDefinitions>): Stores {
  const logFields = new AddedFields()
  const logger = redactingLogger(logFields.to(settings.logger ?? silentLogger))
  const { dynamodbUnavailable } = settings
  const retryBudget = new RetryBudget()
  const listens = settings.postgres.serviceDirectDatabaseUrl !== undefined
  const listener = listens ? listenerOf(settings.postgres, logger) : undefined
  const wakes = listener && messageWakes(listener)
  const dynamo = dynamoOnDemand(settings.dynamo, { ...settings.dynamodb, logger, retryBudget, wakes })
  const shared = { logger, retryBudget, replicas: settings.replicas, onWritten: () => cache.noteWrite() }
  // Both logins now, although the service's pool is opened at first use: a certificate file may be gone by then.
  const application = resolvePostgresSettings(settings.postgres)
  const { serviceDatabaseUrl, target } = application
  const service = serviceDatabaseUrl === undefined ? application : resolvePostgresSettings(application, 'service')
  const postgres = createPostgres(application, shared)
  useReadCache(postgres.prisma, refusingReads)
  const openService = (): Postgres => {
    const opened = createPostgres(service, { ...shared, role: 'service' })
    useReadCache(opened.prisma, readsOfAll(cache, opened))
    return opened
  }
  const checkService: Stores['checkService'] =
    serviceDatabaseUrl === undefined ? undefined : ({ signal }) => checkHealth(service, { signal, role: 'service' })
  logger.info(
    {
      event: 'db.started',
      postgres: `${target.host}:${target.port}/${target.database}`,
      maxConnections: settings.postgres.maxConnections,
      dynamodb: settings.dynamo.endpoint ?? `AWS ${settings.dynamo.region}`,
      service: serviceDatabaseUrl === undefined ? 'none: asService() is refused' : 'set',
    },
    'database context started',
  )
  const servers = serversOf(application, serviceDatabaseUrl === undefined ? undefined : service, settings.dynamo)
  const { effects: definitions = {} } = settings
  const { maxDepth } = settings.outbox ?? {}
  const count = async (most: number): Promise<number> => (await readBacklog(postgres.as(ANYBODY), most)).waiting
  const bound = maxDepth === undefined ? undefined : new DepthBound(maxDepth, count, logger)
  const effects = { definitions, checks: effectChecks(settings.dynamodb), committed: new CommitSignal(), bound }
  const { tokenSecrets: secrets, tokenMaxAgeMs = DEFAULT_MAX_AGE_MS } = settings
  const tokens = new Tokens({ secrets, maxAgeMs: checkedMaxAge(tokenMaxAgeMs), logger })
  if (listener) effects.committed.listen(() => listener.tell(OUTBOX_CHANNEL))
  const cache = new CacheDoor({
    settings: settings.cache ?? {},
    position: () => postgres.position(),
    isRaised: async (table) => (await postgres.query(RAISED, [table])).rowCount !== 0,
    isAnyRaised: async () => (await postgres.query(ANY_RAISED)).rowCount !== 0,
    wakeRelays: () => effects.committed.wake(),
    listener,
    logger,
  })
  return {
    logger,
    cache,
    postgres,
    openService,
    checkService,
    dynamo,
    servers,
    dynamodbUnavailable,
    listener,
    effects,
    tokens,
    erasureKey: settings.erasureKey,
    logFields,
  }
}

/** Whether a table has its tags raised by the database. */
const RAISED = `SELECT FROM pg_trigger WHERE tgrelid = to_regclass('public.' || quote_ident($1)) AND tgname = 'cache_tags_update'`

const ANY_RAISED = `SELECT FROM pg_trigger WHERE tgname = 'cache_tags_update' LIMIT 1`

/** @throws {ConfigError} now, if the URL or a certificate file that it names cannot be used. */
function listenerOf(settings: PostgresSettings, logger: Logger): Listener {
  const resolved = resolvePostgresSettings(settings, 'listener')
  return new Listener((events) => openLine(resolved, events), logger)
}
