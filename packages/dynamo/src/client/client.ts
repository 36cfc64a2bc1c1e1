import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { defined, type Logger, RetryBudget, redactingLogger, redactUrl, Slots, silentLogger } from '@miyabi/core'
import { hushNodeVersionWarning, prepareClient } from '../internals/aws-sdk.js'
import { createDynamoHooks, type DynamoHooks } from '../observe/dynamo-hooks.js'
import type { DynamoSettings } from '../settings/config.js'
import type { DynamoStats } from '../stats.js'
import { CapacityMeter } from './capacity.js'
import { CallHttpHandler, callMiddleware } from './middleware.js'
import { RetryStrategy } from './retry-strategy.js'

export interface ClientOptions {
  /** Default: silent. */
  readonly logger?: Logger | undefined
  /** The budget shared by all retries. Default: the client's own budget. */
  readonly retryBudget?: RetryBudget | undefined
}

/**
 * Returns the AWS SDK's DynamoDB client, with retries, timeouts and sockets from the settings. Every `send`, including
 * those of ElectroDB and of a document client, ends within `timeoutMs`: then it throws `DynamoError` `dynamo.deadline`.
 * Other errors are the SDK's.
 *
 * Retries draw on a budget: when too many requests fail together, the rest are not retried. Call `destroy()` when done.
 * @throws {DynamoInternalsError} if the installed SDK lacks a member that is used.
 */
export function createDynamoDBClient(settings: DynamoSettings, options: ClientOptions = {}): DynamoDBClient {
  return openClient(settings, options).client
}

/** The same client, with its statistics. */
export function openClient(
  settings: DynamoSettings,
  options: ClientOptions & {
    readonly onDate?: (date: string | undefined) => void
    readonly hooks?: DynamoHooks
  } = {},
): {
  readonly client: DynamoDBClient
  readonly stats: () => Omit<DynamoStats, 'eventWriters'>
  /** Destroys the client, and cancels what is in flight: the SDK alone would try it again. */
  readonly end: () => void
} {
  const logger = redactingLogger(options.logger ?? silentLogger)
  const { attemptTimeoutMs, maxAttempts, maxSockets } = settings
  const sockets = { keepAlive: true, maxSockets }
  const slots = new Slots(maxSockets)
  const capacity = new CapacityMeter()
  let isEnded = false

  hushNodeVersionWarning()
  const client = new DynamoDBClient({
    region: settings.region,
    ...defined({ endpoint: settings.endpoint }),
    ...credentialsOf(settings),
    maxAttempts, // the strategy below decides; this value is sent in the header that reports it to the server
    retryStrategy: new RetryStrategy(settings, options.retryBudget ?? new RetryBudget()),
    requestHandler: new CallHttpHandler({
      // From the connection to the headers; without the flag the SDK only prints a warning.
      requestTimeout: attemptTimeoutMs,
      throwOnRequestTimeout: true,
      // For a body that stalls; the middleware ends one that trickles.
      socketTimeout: attemptTimeoutMs,
      httpAgent: new HttpAgent(sockets),
      httpsAgent: new HttpsAgent(sockets),
      logger: sdkLogger(logger),
    }),
  })
  prepareClient(client, options.logger && logger)
  client.middlewareStack.use(
    callMiddleware({
      timeoutMs: settings.timeoutMs,
      attemptTimeoutMs,
      maxAttempts,
      sockets: slots,
      capacity,
      logger,
      hooks: options.hooks ?? createDynamoHooks(logger),
      isEnded: () => isEnded,
      onDate: options.onDate,
    }),
  )
  logger.debug(
    { event: 'dynamo.client', region: settings.region, endpoint: settings.endpoint && redactUrl(settings.endpoint) },
    'created a DynamoDB client',
  )
  const end = (): void => {
    isEnded = true
    client.destroy()
  }
  return { client, stats: () => ({ sockets: slots.stats, capacity: capacity.uses }), end }
}

/** Without any, the SDK uses AWS's chain. */
function credentialsOf({ credentials }: DynamoSettings): Pick<DynamoDBClientConfig, 'credentials' | 'profile'> {
  if (credentials === 'chain') return {}
  if (credentials === 'dummy') return { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }
  return 'profile' in credentials ? { profile: credentials.profile } : { credentials }
}

/**
 * The HTTP handler warns when sockets run out; all other SDK output is kept out of the log, as it contains whole items.
 */
function sdkLogger(logger: Logger) {
  const say = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string) =>
    logger[level]({ event: 'dynamo.sockets' }, message)
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}
