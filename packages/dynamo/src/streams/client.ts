import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { defined, type RetryBudget } from '@miyabi/core'
import { RetryStrategy } from '../client/retry-strategy.js'
import type { DynamoSettings } from '../settings/config.js'
import { isAwsEndpoint } from '../settings/endpoint.js'

/**
 * Where streams are read, unless it is AWS's own address for them: AWS has a separate address for streams, other
 * servers use the tables' address.
 */
export const streamsEndpoint = ({ endpoint, streamsEndpoint: named }: DynamoSettings): string | undefined =>
  named ?? (isAwsEndpoint(endpoint) ? undefined : endpoint)

/** AWS allows five reads of a shard a second, across all readers. */
const AWS_PACE_MS = 200

/** The shortest time from one read of a shard to the next, in milliseconds; 0 where there is no such limit. */
export const readPaceMs = (settings: DynamoSettings): number =>
  isAwsEndpoint(streamsEndpoint(settings)) ? AWS_PACE_MS : 0

/** The SDK's part for streams. */
type StreamsSdk = typeof import('@aws-sdk/client-dynamodb-streams')

/** The SDK's part for streams, and its client. */
interface LazyStreamsClient {
  load(): Promise<{ readonly sdk: StreamsSdk; readonly client: DynamoDBStreamsClient }>
  destroy(): void
}

/** The SDK and its client for streams, loaded and created at first use, with the tables' client's credentials. */
export function streamsClient(
  tables: DynamoDBClient,
  settings: DynamoSettings,
  retryBudget: RetryBudget,
): LazyStreamsClient {
  let loading: ReturnType<LazyStreamsClient['load']> | undefined
  const load: LazyStreamsClient['load'] = async () => {
    const sdk = await import('@aws-sdk/client-dynamodb-streams')
    const client = new sdk.DynamoDBStreamsClient({
      region: settings.region,
      credentials: tables.config.credentials,
      ...defined({ endpoint: streamsEndpoint(settings) }),
      maxAttempts: settings.maxAttempts,
      retryStrategy: new RetryStrategy(settings, retryBudget),
      requestHandler: { requestTimeout: settings.attemptTimeoutMs, throwOnRequestTimeout: true },
    })
    return { sdk, client }
  }
  return {
    load() {
      loading ??= load()
      return loading
    },
    destroy() {
      loading?.then(
        ({ client }) => client.destroy(),
        () => {},
      )
    },
  }
}
