import type { MetricDefinition } from './definition.js'

const SYSTEM = 'db.system.name'
const POOL = 'db.client.connection.pool.name'
const OPERATION = 'db.operation.name'
const COLLECTION = 'db.collection.name'
const ERROR = 'error.type'
const CONSUMER = 'miyabi.consumer'
const TOPIC = 'miyabi.topic'
const REPLICA = 'miyabi.replica'

const define = <const Attributes extends readonly string[]>(
  definition: MetricDefinition<Attributes>,
): MetricDefinition<Attributes> => definition

/** Metrics that OpenTelemetry's conventions do not define. */
export const ownMetrics = {
  statements: define({
    name: 'miyabi.statements',
    kind: 'counter',
    unit: '{statement}',
    description: 'Statements that PostgreSQL answered, by the path on which they were made.',
    attributes: [POOL, 'miyabi.path'],
  }),
  compiledReads: define({
    name: 'miyabi.compiled_reads',
    kind: 'counter',
    unit: '{call}',
    description:
      'Calls that can be compiled: by a plan that was ready (hit), by a plan that had to be made (miss), or by Prisma.',
    attributes: [POOL, 'miyabi.result'],
  }),
  transactionDuration: define({
    name: 'miyabi.transaction.duration',
    kind: 'histogram',
    unit: 's',
    description:
      'Duration of transactions from BEGIN to the response to their end, by outcome; each retry counts separately.',
    attributes: [POOL, 'miyabi.outcome'],
  }),
  retries: define({
    name: 'miyabi.retries',
    kind: 'counter',
    unit: '{retry}',
    description: 'Retries: transactions, reads and upserts of PostgreSQL, requests to DynamoDB.',
    attributes: [SYSTEM, OPERATION, ERROR],
  }),
  retriesGivenUp: define({
    name: 'miyabi.retries.given_up',
    kind: 'counter',
    unit: '{call}',
    description: 'Calls that were not retried although they could have been, by reason.',
    attributes: [SYSTEM, OPERATION, ERROR, 'miyabi.reason'],
  }),
  poolEvents: define({
    name: 'miyabi.pool.events',
    kind: 'counter',
    unit: '{event}',
    description: 'Events of a pool: connections that broke, could not be opened, were held for too long, and similar.',
    attributes: [POOL, 'miyabi.event'],
  }),
  dynamoCallDuration: define({
    name: 'miyabi.dynamodb.call.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Duration of calls to DynamoDB as their callers see them, including retries, batches and pages.',
    attributes: [OPERATION, ERROR],
  }),
  dynamoThrottled: define({
    name: 'miyabi.dynamodb.throttled',
    kind: 'counter',
    unit: '{request}',
    description: 'Requests that DynamoDB throttled.',
    attributes: [],
  }),
  consumedCapacity: define({
    name: 'aws.dynamodb.consumed_capacity',
    kind: 'counter',
    unit: '{unit}',
    description:
      'Capacity units that DynamoDB reports as consumed; for writes rejected by a condition, their minimum cost.',
    attributes: [COLLECTION, 'aws.dynamodb.index_name', OPERATION, 'miyabi.capacity'],
  }),
  failedConditions: define({
    name: 'miyabi.dynamodb.failed_conditions',
    kind: 'counter',
    unit: '{item}',
    description: 'Writes that were rejected by their condition.',
    attributes: [COLLECTION, OPERATION],
  }),
  eventWriterPending: define({
    name: 'miyabi.event_writer.pending',
    kind: 'upDownCounter',
    unit: '{event}',
    description: 'Events that wait in writers to be stored.',
    attributes: [],
  }),
  streamRecords: define({
    name: 'miyabi.stream.records',
    kind: 'counter',
    unit: '{record}',
    description:
      'Records of streams whose checkpoint this process has committed, by outcome: counted, dead, or revived from the dead letters.',
    attributes: [CONSUMER, 'miyabi.outcome'],
  }),
  streamRetries: define({
    name: 'miyabi.stream.retries',
    kind: 'counter',
    unit: '{retry}',
    description: 'How often a stream consumer failed and retried, and how often it had lost its lease.',
    attributes: [CONSUMER, 'miyabi.reason'],
  }),
  streamBehind: define({
    name: 'miyabi.stream.behind',
    kind: 'gauge',
    unit: 's',
    description: 'How old the last record was when it was counted, for the shard that is furthest behind.',
    attributes: [CONSUMER],
  }),
  streamGaps: define({
    name: 'miyabi.stream.gaps',
    kind: 'gauge',
    unit: '{shard}',
    description: 'Shards that are stopped because records are lost.',
    attributes: [CONSUMER],
  }),
  outboxLag: define({
    name: 'miyabi.outbox.lag',
    kind: 'gauge',
    unit: 's',
    description: 'How long the next row of the outbox without an attempt has been due.',
    attributes: [],
  }),
  outboxDepth: define({
    name: 'miyabi.outbox.depth',
    kind: 'upDownCounter',
    unit: '{row}',
    description: 'Rows of the outbox in the partitions of the relays of this process, up to 10,000 for each relay.',
    attributes: [],
  }),
  outboxDelivered: define({
    name: 'miyabi.outbox.delivered',
    kind: 'counter',
    unit: '{effect}',
    description: 'Effects that were delivered.',
    attributes: [TOPIC],
  }),
  outboxRedelivered: define({
    name: 'miyabi.outbox.redelivered',
    kind: 'counter',
    unit: '{effect}',
    description: 'Delivered effects that had failed in an earlier attempt.',
    attributes: [TOPIC],
  }),
  outboxFailed: define({
    name: 'miyabi.outbox.failed',
    kind: 'counter',
    unit: '{attempt}',
    description: 'Failed attempts to deliver effects.',
    attributes: [TOPIC],
  }),
  outboxDead: define({
    name: 'miyabi.outbox.dead',
    kind: 'counter',
    unit: '{effect}',
    description: 'Effects that became dead letters.',
    attributes: [TOPIC],
  }),
  outboxUnknown: define({
    name: 'miyabi.outbox.unknown',
    kind: 'upDownCounter',
    unit: '{row}',
    description: 'Rows that wait because no relay that met them has a handler for their topic, or its version.',
    attributes: [TOPIC],
  }),
  outboxWaiting: define({
    name: 'miyabi.outbox.waiting',
    kind: 'gauge',
    unit: '{row}',
    description:
      'Rows of the whole outbox that are due or have failed, up to 1,000, as reported by a process that has a relay or has committed effects.',
    attributes: [],
  }),
  outboxRelays: define({
    name: 'miyabi.outbox.relays',
    kind: 'gauge',
    unit: '{relay}',
    description: 'Relays of all processes that hold a part of the outbox, as reported by the same processes.',
    attributes: [],
  }),
  outboxRefused: define({
    name: 'miyabi.outbox.refused',
    kind: 'counter',
    unit: '{transaction}',
    description: 'Transactions that were refused because too many effects are waiting: DB_OUTBOX_MAX_DEPTH.',
    attributes: [],
  }),
  backupDrillAge: define({
    name: 'miyabi.backup.drill.age',
    kind: 'gauge',
    unit: 's',
    description: 'Time since a backup was last restored and found equal (`miyabi backup drill`).',
    attributes: [],
  }),
  backupDrillEqual: define({
    name: 'miyabi.backup.drill.equal',
    kind: 'gauge',
    unit: '1',
    description: 'Whether the last drill found everything as it was backed up: 1 or 0.',
    attributes: [],
  }),
  backupDrillLoss: define({
    name: 'miyabi.backup.drill.loss',
    kind: 'gauge',
    unit: 's',
    description: 'Age of the cut when the last drill restored it: what would have been lost.',
    attributes: [],
  }),
  backupDrillDuration: define({
    name: 'miyabi.backup.drill.duration',
    kind: 'gauge',
    unit: 's',
    description: 'Duration of the restore of the last drill.',
    attributes: [],
  }),
  cacheCalls: define({
    name: 'miyabi.cache.calls',
    kind: 'counter',
    unit: '{call}',
    description:
      'Calls of the cache, by what answered them: memory, redis, a value past its time (stale), or a load (miss).',
    attributes: ['miyabi.result'],
  }),
  cacheLoads: define({
    name: 'miyabi.cache.loads',
    kind: 'counter',
    unit: '{load}',
    description: 'Loads that the cache started: fewer than misses if several calls waited for one.',
    attributes: [],
  }),
  cacheErrors: define({
    name: 'miyabi.cache.errors',
    kind: 'counter',
    unit: '{error}',
    description:
      'What the cache could not use: failed commands and refused entries of Redis, and values that are too large.',
    attributes: ['miyabi.reason'],
  }),
  cacheEntries: define({
    name: 'miyabi.cache.entries',
    kind: 'upDownCounter',
    unit: '{entry}',
    description: 'Entries in the memory of this process.',
    attributes: [],
  }),
  cacheBytes: define({
    name: 'miyabi.cache.size',
    kind: 'upDownCounter',
    unit: 'By',
    description: 'Approximate size of the entries in the memory of this process.',
    attributes: [],
  }),
  cacheHearing: define({
    name: 'miyabi.cache.hearing',
    kind: 'gauge',
    unit: '1',
    description: 'Whether this process receives raised tags; if not, it does not serve from memory: 1 or 0.',
    attributes: [],
  }),
  replicaUp: define({
    name: 'miyabi.replica.up',
    kind: 'gauge',
    unit: '1',
    description: 'Whether a replica is read from: 1 or 0. Reported once a replica was used.',
    attributes: [REPLICA],
  }),
  replicaLag: define({
    name: 'miyabi.replica.lag',
    kind: 'gauge',
    unit: 's',
    description:
      'How long the primary has been ahead of a replica, as far as it was checked: once a second while it is used.',
    attributes: [REPLICA],
  }),
  replicaReads: define({
    name: 'miyabi.replica.reads',
    kind: 'counter',
    unit: '{statement}',
    description: 'Statements that a replica answered.',
    attributes: [REPLICA],
  }),
  replicaToPrimary: define({
    name: 'miyabi.replica.to_primary',
    kind: 'counter',
    unit: '{statement}',
    description: 'Statements that a replica could have answered and that went to the primary, by reason.',
    attributes: ['miyabi.reason'],
  }),
  ready: define({
    name: 'miyabi.ready',
    kind: 'gauge',
    unit: '1',
    description: 'Whether new requests should come to this process, as far as one store is concerned: 1 or 0.',
    attributes: [SYSTEM],
  }),
  problem: define({
    name: 'miyabi.problem',
    kind: 'gauge',
    unit: '1',
    description: 'Problems of a store, the most severe first: 1 for as long as it persists.',
    attributes: [SYSTEM, ERROR],
  }),
} as const
