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
  /** What all retries draw on. Default: a budget of the client's own. */
  readonly retryBudget?: RetryBudget | undefined
}

/**
 * The AWS SDK's DynamoDB client, with its retries, timeouts and sockets as the settings say. Every `send`, also
 * ElectroDB's and a document client's, ends within `timeoutMs`: then it throws `DynamoError` `dynamo.deadline`. Other
 * errors are the SDK's own.
 *
 * Retries draw on a budget: when very much fails at once, the rest is not tried again.
 * Call `destroy()` when done.
 * @throws {DynamoInternalsError} where the installed SDK lacks what is used of it.
 */
export function createDynamoDBClient(settings: DynamoSettings, options: ClientOptions = {}): DynamoDBClient {
  return openClient(settings, options).client
}

/** The same, with its figures. */
export function openClient(
  settings: DynamoSettings,
  options: ClientOptions & {
    readonly onDate?: (date: string | undefined) => void
    readonly hooks?: DynamoHooks
  } = {},
): { readonly client: DynamoDBClient; readonly stats: () => Omit<DynamoStats, 'eventWriters'> } {
  const logger = redactingLogger(options.logger ?? silentLogger)
  const { attemptTimeoutMs, maxAttempts, maxSockets } = settings
  const sockets = { keepAlive: true, maxSockets }
  const slots = new Slots(maxSockets)
  const capacity = new CapacityMeter()

  hushNodeVersionWarning()
  const client = new DynamoDBClient({
    region: settings.region,
    ...defined({ endpoint: settings.endpoint }),
    ...credentialsOf(settings),
    maxAttempts, // the strategy below decides; this goes into the header that tells the server
    retryStrategy: new RetryStrategy(settings, options.retryBudget ?? new RetryBudget()),
    requestHandler: new CallHttpHandler({
      // From the connection to the headers; without the flag the SDK only prints a warning.
      requestTimeout: attemptTimeoutMs,
      throwOnRequestTimeout: true,
      // A body that stalls; one that trickles is ended by the middleware.
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
      onDate: options.onDate,
    }),
  )
  logger.debug(
    { event: 'dynamo.client', region: settings.region, endpoint: settings.endpoint && redactUrl(settings.endpoint) },
    'made a DynamoDB client',
  )
  return { client, stats: () => ({ sockets: slots.stats, capacity: capacity.uses }) }
}

/** Without any, the SDK asks AWS's chain. */
function credentialsOf({ credentials }: DynamoSettings): Pick<DynamoDBClientConfig, 'credentials' | 'profile'> {
  if (credentials === 'chain') return {}
  if (credentials === 'dummy') return { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }
  return 'profile' in credentials ? { profile: credentials.profile } : { credentials }
}

/**
 * The HTTP handler warns when sockets run out; everything else of the SDK's stays out of the log, as it holds whole
 * items.
 */
function sdkLogger(logger: Logger) {
  const say = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string) =>
    logger[level]({ event: 'dynamo.sockets' }, message)
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}
