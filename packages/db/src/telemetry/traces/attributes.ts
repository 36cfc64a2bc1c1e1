import type { AttemptFacts } from '@miyabi/dynamo'
import type { StatementFacts } from '@miyabi/postgres'
import type { Database } from '../../context/context.js'

/** The content of a span: names and numbers, of which there is a limited number. No value, no user, no SQL text. */
export type SpanAttributes = Readonly<Record<string, string | number | string[]>>

/** The names of OpenTelemetry's database conventions 1.45. */
export const ATTRIBUTE = {
  system: 'db.system.name',
  namespace: 'db.namespace',
  operation: 'db.operation.name',
  collection: 'db.collection.name',
  status: 'db.response.status_code',
  rows: 'db.response.returned_rows',
  pool: 'db.client.connection.pool.name',
  error: 'error.type',
  address: 'server.address',
  port: 'server.port',
  tables: 'aws.dynamodb.table_names',
  region: 'cloud.region',
  resends: 'http.request.resend_count',
} as const

/** For a statement. */
export function statementAttributes(
  { store, pool, operation, collection, rows, error }: StatementFacts,
  servers: Database['servers'],
): SpanAttributes {
  const { postgres, service = postgres } = servers
  const { host, port, database } = pool === 'service' ? service : postgres
  return {
    [ATTRIBUTE.system]: store,
    [ATTRIBUTE.namespace]: database,
    [ATTRIBUTE.address]: host,
    [ATTRIBUTE.port]: port,
    [ATTRIBUTE.pool]: pool,
    [ATTRIBUTE.operation]: operation,
    ...(collection !== undefined && { [ATTRIBUTE.collection]: collection }),
    ...(operation === 'SELECT' && rows !== undefined && { [ATTRIBUTE.rows]: rows }),
    ...(error && { [ATTRIBUTE.error]: error.sqlState ?? error.code }),
    ...(error?.sqlState !== undefined && { [ATTRIBUTE.status]: error.sqlState }),
  }
}

/** For a request to DynamoDB. */
export function attemptAttributes(
  { store, command, table, tables, attempt, error }: AttemptFacts,
  { dynamodb: { host, port, region } }: Database['servers'],
): SpanAttributes {
  return {
    [ATTRIBUTE.system]: store,
    [ATTRIBUTE.operation]: command,
    [ATTRIBUTE.tables]: [...tables],
    [ATTRIBUTE.region]: region,
    ...(host !== undefined && { [ATTRIBUTE.address]: host }),
    ...(port !== undefined && { [ATTRIBUTE.port]: port }),
    ...(table !== undefined && { [ATTRIBUTE.collection]: table }),
    ...(attempt > 1 && { [ATTRIBUTE.resends]: attempt - 1 }),
    ...(error !== undefined && { [ATTRIBUTE.error]: error }),
  }
}
