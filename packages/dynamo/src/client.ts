import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { state as nodeVersionWarning } from '@aws-sdk/core/client'
import { fullJitter, type Logger, redactingLogger, redactUrl, silentLogger } from '@miyabi/core'
import { StandardRetryStrategy } from '@smithy/util-retry'
import { CallHttpHandler, callMiddleware } from './call-middleware.js'
import type { DynamoSettings } from './config.js'

export interface ClientOptions {
  /** Default: silent. */
  readonly logger?: Logger | undefined
}

/**
 * The AWS SDK's DynamoDB client, with its retries, timeouts and sockets as the settings say. Every `send`, also ElectroDB's and a
 * document client's, ends within `timeoutMs`: then it throws `DynamoError` `dynamo.deadline`. Other errors are the SDK's own.
 *
 * Retries of one client draw on one budget (the SDK's token bucket): when much fails at once, later failures are retried less.
 * Call `destroy()` when done.
 */
export function createDynamoDBClient(settings: DynamoSettings, options: ClientOptions = {}): DynamoDBClient {
  const logger = redactingLogger(options.logger ?? silentLogger)
  const { attemptTimeoutMs, maxAttempts, maxSockets } = settings
  const sockets = { keepAlive: true, maxSockets }
  // The SDK prints, once a process, that it will leave this Node version; our README says so, a library's log should not.
  nodeVersionWarning.warningEmitted = true

  const client = new DynamoDBClient({
    region: settings.region,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    ...(settings.credentials === 'dummy' ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {}),
    maxAttempts, // the strategy below decides; this goes into the header that tells the server
    retryStrategy: new StandardRetryStrategy({
      maxAttempts,
      baseDelay: settings.initialBackoffMs,
      backoff: {
        // The SDK would wait from a second on after throttling; the settings promise one backoff for all.
        setDelayBase: () => {},
        computeNextBackoffDelay: (retry: number) =>
          fullJitter(retry, { initialMs: settings.initialBackoffMs, maxMs: settings.maxBackoffMs }),
      },
    }),
    requestHandler: new CallHttpHandler({
      // From the wait for a socket to the headers; without the flag the SDK only prints a warning.
      requestTimeout: attemptTimeoutMs,
      throwOnRequestTimeout: true,
      // A body that stalls. One that trickles is ended by the call's deadline.
      socketTimeout: attemptTimeoutMs,
      httpAgent: new HttpAgent(sockets),
      httpsAgent: new HttpsAgent(sockets),
      logger: sdkLogger(logger),
    }),
  })
  client.middlewareStack.use(callMiddleware({ timeoutMs: settings.timeoutMs, maxAttempts, logger }))
  logger.debug(
    { event: 'dynamo.client', region: settings.region, endpoint: settings.endpoint && redactUrl(settings.endpoint) },
    'made a DynamoDB client',
  )
  return client
}

/** The HTTP handler warns when sockets run out; everything else of the SDK's stays out of the log, as it holds whole items. */
function sdkLogger(logger: Logger) {
  const say = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string) =>
    logger[level]({ event: 'dynamo.sockets' }, message)
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}
