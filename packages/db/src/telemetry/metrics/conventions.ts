import type { MetricDefinition } from './definition.js'

const POOL = 'db.client.connection.pool.name'
const OPERATION = ['db.system.name', 'server', 'db.operation.name', 'db.collection.name'] as const

const define = <const Attributes extends readonly string[]>(
  definition: MetricDefinition<Attributes>,
): MetricDefinition<Attributes> => definition

/**
 * The client metrics of OpenTelemetry's database conventions 1.45, word for word
 * (https://opentelemetry.io/docs/specs/semconv/db/database-metrics/). `server` stands for `server.address`,
 * `server.port` and `db.namespace`.
 */
export const conventions = {
  operationDuration: define({
    name: 'db.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Duration of database client operations.',
    attributes: [...OPERATION, 'db.response.status_code', 'error.type'],
  }),
  returnedRows: define({
    name: 'db.client.response.returned_rows',
    kind: 'histogram',
    unit: '{row}',
    description: 'The actual number of records returned by the database operation.',
    attributes: OPERATION,
  }),
  connectionCount: define({
    name: 'db.client.connection.count',
    kind: 'upDownCounter',
    unit: '{connection}',
    description: 'The number of connections that are currently in state described by the `state` attribute.',
    attributes: [POOL, 'db.client.connection.state'],
  }),
  connectionIdleMax: define({
    name: 'db.client.connection.idle.max',
    kind: 'upDownCounter',
    unit: '{connection}',
    description: 'The maximum number of idle open connections allowed.',
    attributes: [POOL],
  }),
  connectionIdleMin: define({
    name: 'db.client.connection.idle.min',
    kind: 'upDownCounter',
    unit: '{connection}',
    description: 'The minimum number of idle open connections allowed.',
    attributes: [POOL],
  }),
  connectionLimit: define({
    name: 'db.client.connection.limit',
    kind: 'upDownCounter',
    unit: '{connection}',
    description: 'The maximum number of open connections allowed.',
    attributes: [POOL],
  }),
  pendingRequests: define({
    name: 'db.client.connection.pending_requests',
    kind: 'upDownCounter',
    unit: '{request}',
    description: 'The number of current pending requests for an open connection.',
    attributes: [POOL],
  }),
  connectionTimeouts: define({
    name: 'db.client.connection.timeouts',
    kind: 'counter',
    unit: '{timeout}',
    description: 'The number of connection timeouts that have occurred trying to obtain a connection from the pool.',
    attributes: [POOL],
  }),
  connectionCreateTime: define({
    name: 'db.client.connection.create_time',
    kind: 'histogram',
    unit: 's',
    description: 'The time it took to create a new connection.',
    attributes: [POOL],
  }),
  connectionWaitTime: define({
    name: 'db.client.connection.wait_time',
    kind: 'histogram',
    unit: 's',
    description: 'The time it took to obtain an open connection from the pool.',
    attributes: [POOL],
  }),
  connectionUseTime: define({
    name: 'db.client.connection.use_time',
    kind: 'histogram',
    unit: 's',
    description: 'The time between borrowing a connection and returning it to the pool.',
    attributes: [POOL],
  }),
} as const
