import type { Logger } from '@miyabi/core'
import type { DynamoOptions } from '@miyabi/dynamo'
import type { ReplicaLimits } from '@miyabi/postgres'
import type { EffectDefinitions, NoEffects } from '../outbox/effects.js'
import type { EnvironmentOptions } from '../settings/from-env.js'
import type { DatabaseSettings } from '../settings/settings.js'

/** Options that belong to the application's code rather than to its environment. */
interface CodeOptions<Effects extends EffectDefinitions> {
  /** The effects that transactions may have besides those on DynamoDB, from `defineEffects`. */
  readonly effects?: Effects | undefined
  /** How replicas are read: how long a read waits for one, how far one may be behind. */
  readonly replicas?: ReplicaLimits | undefined
  /** The maximum age of a token of `await me.token()`, in milliseconds. Default 60,000. */
  readonly tokenMaxAgeMs?: number | undefined
  /** How DynamoDB's entities store their items: the shard plan of the events, how long each kind is kept. */
  readonly dynamodb?: Omit<DynamoOptions, 'logger' | 'wakes'>
}

/** Where a context finds its settings. */
export interface FromEnvOptions<Effects extends EffectDefinitions = NoEffects>
  extends EnvironmentOptions,
    CodeOptions<Effects> {}

/** Settings as values, for applications that do not keep them in an environment. */
export interface CreateOptions<Effects extends EffectDefinitions = NoEffects>
  extends DatabaseSettings,
    CodeOptions<Effects> {
  /** The remedy for a DynamoDB that cannot be available; its health is then known without a check. */
  readonly dynamodbUnavailable?: string | undefined
  /** Default: silent. */
  readonly logger?: Logger
}
