import type { Logger } from '@miyabi/core'
import type { StreamItems, StreamName } from '@miyabi/dynamo'
import type { DynamoOnDemand } from '@miyabi/dynamo/on-demand'
import { PostgresError } from '@miyabi/postgres/on-demand'
import { StreamsInputError } from '../errors/streams-input-error.js'
import { Consumer } from './consumer.js'
import { dynamoSource } from './source.js'
import type { ConsumeOptions, StreamConsumer, StreamDatabase, StreamStats } from './types.js'

/** Applies DynamoDB's streams to PostgreSQL. */
export interface DatabaseStreams {
  /**
   * Starts consuming a table's stream, in this process and any number of others under the same name: each change is
   * applied once, in a PostgreSQL transaction of the service that also moves the checkpoint. It runs until it, or the
   * context, is closed.
   *
   * ```ts
   * const consumer = db.streams.consume('usage', countUsage)
   * ```
   * @param name identifies its checkpoints: letters, digits and any of `_ . -`, up to 100.
   * @throws {StreamsInputError} for an invalid name or option.
   * @throws {ConfigError} `config.invalid` without SERVICE_DATABASE_URL.
   * @throws {PostgresError} `postgres.pool.closed` after the context was closed.
   */
  consume<From extends StreamName>(name: string, options: ConsumeOptions<From>): StreamConsumer
}

/** What `bindStreams` needs from its context. */
interface Host {
  /** @throws {ConfigError} without a login for the service. */
  readonly service: () => StreamDatabase
  readonly dynamodb: Pick<DynamoOnDemand, 'streams'>
  readonly logger: Logger
}

/** The consumers of a context. */
export interface BoundStreams extends DatabaseStreams {
  stats(): readonly StreamStats[]
  /** Ends all of them. */
  close(graceMs: number): Promise<{ readonly drained: boolean }>
}

export function bindStreams({ service, dynamodb, logger }: Host): BoundStreams {
  let isClosed = false
  const consumers = new Set<StreamConsumer & { readonly isClosed: boolean }>()
  return {
    consume<From extends StreamName>(name: string, options: ConsumeOptions<From>) {
      const checked = check(name, options)
      if (isClosed) throw new PostgresError('postgres.pool.closed', 'This context is closed and consumes no stream')
      const consumer = new Consumer<StreamItems[From]>({
        ...checked,
        db: service(),
        source: dynamoSource(dynamodb, options.from),
        logger,
        onClosed: () => consumers.delete(consumer),
      })
      consumers.add(consumer)
      return consumer
    },
    stats: () => [...consumers].filter(({ isClosed }) => !isClosed).map((consumer) => consumer.stats()),
    async close(graceMs) {
      isClosed = true
      const closed = await Promise.all([...consumers].map((consumer) => consumer.close(graceMs)))
      return { drained: closed.every(({ drained }) => drained) }
    },
  }
}

function check<From extends StreamName>(name: string, options: ConsumeOptions<From>) {
  const { from, handle, startAt = 'oldest', batch = 100, leaseMs = 10_000 } = options
  const { onGap = 'stop', onPoison = 'dead-letter' } = options
  if (typeof name !== 'string' || !/^[\w.-]{1,100}$/.test(name)) {
    throw new StreamsInputError('name', 'is not a name of up to 100 letters, digits, and any of _ . -')
  }
  const isOneOf = (argument: string, value: unknown, known: readonly string[]): void => {
    if (!known.includes(value as string)) throw new StreamsInputError(argument, `is not one of ${known.join(', ')}`)
  }
  isOneOf('from', from, ['events', 'agentState'])
  isOneOf('startAt', startAt, ['oldest', 'now'])
  isOneOf('onPoison', onPoison, ['stop', 'dead-letter'])
  if (typeof onGap !== 'function') isOneOf('onGap', onGap, ['stop'])
  if (typeof handle !== 'function') throw new StreamsInputError('handle', 'is not a function')
  const isWhole = (argument: string, value: number, least: number, most: number): void => {
    if (Number.isInteger(value) && value >= least && value <= most) return
    throw new StreamsInputError(argument, `is not a whole number from ${least} to ${most}`)
  }
  isWhole('batch', batch, 1, 1000)
  isWhole('leaseMs', leaseMs, 1000, 600_000)
  return { name, from, handle, startAt, batch, leaseMs, onGap, onPoison }
}
