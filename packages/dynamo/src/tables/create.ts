import {
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type TableDescription,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { type Logger, silentLogger, sleep } from '@miyabi/core'
import { withOurErrors } from '../call.js'
import { awsName } from '../map-error.js'
import { type TableDefinition, toCreateTableInput } from './definition.js'
import { tableDefinitions } from './definitions.js'
import { abort, describeTable, waitUntilActive } from './describe.js'
import { type TableDifference, tableDifferences } from './differences.js'
import { TablesDifferError } from './errors.js'

export interface CreateTablesOptions {
  /** Stands before every name. Default: none. */
  readonly prefix?: string
  readonly definitions?: readonly TableDefinition[]
  /** How long one table may take to become ACTIVE. Default 120,000 ms. */
  readonly waitMs?: number
  readonly logger?: Logger | undefined
  readonly signal?: AbortSignal | undefined
}

/** What `createTables` did with one table. */
export interface TableResult {
  /** With the prefix. */
  readonly table: string
  readonly result: 'created' | 'existed'
  /** `enabled`: switched on by this call. `unsupported`: the engine does not know it. */
  readonly ttl: 'enabled' | 'already enabled'
  readonly pointInTimeRecovery: 'enabled' | 'already enabled' | 'unsupported' | 'off'
  /** `unsupported`: the engine's description of the table does not speak of it. */
  readonly deletionProtection: 'on' | 'off' | 'unsupported'
  /** The bounds of a provisioned table are data for the infrastructure; registering them takes another AWS service. */
  readonly autoScaling: 'not registered' | 'none'
}

/**
 * Creates the tables that do not exist, waits until all are ACTIVE, and switches on expiry and point-in-time recovery where they are
 * off. Safe to call again, and from several processes at once.
 *
 * @throws {TablesDifferError} when an existing table has other keys or indexes. Then nothing has been created.
 * @throws {DynamoError} when DynamoDB refuses or cannot be reached.
 * @throws {TableNotReadyError} when a table is not ACTIVE after `waitMs`.
 */
export function createTables(client: DynamoDBClient, options: CreateTablesOptions = {}): Promise<TableResult[]> {
  const tables = (options.definitions ?? tableDefinitions).map(({ name }) => (options.prefix ?? '') + name)
  return withOurErrors({ operation: 'tables.create', tables, signal: options.signal }, () => create(client, options))
}

async function create(client: DynamoDBClient, options: CreateTablesOptions): Promise<TableResult[]> {
  const { prefix = '', definitions = tableDefinitions, waitMs = 120_000, logger = silentLogger, signal } = options
  const found = await Promise.all(definitions.map(({ name }) => describeTable(client, prefix + name, signal)))
  refuseDifferences(definitions.flatMap((d, i) => (found[i] ? tableDifferences(d, found[i]) : [])))

  return Promise.all(
    definitions.map(async (definition, i) => {
      const table = prefix + definition.name
      const created = found[i] === undefined && (await createTable(client, definition, prefix, signal))
      const description = await waitUntilActive(client, table, { waitMs, signal })
      // Another process may have made it in the meantime, otherwise.
      refuseDifferences(tableDifferences(definition, description))
      const result: TableResult = {
        table,
        result: created ? 'created' : 'existed',
        ttl: await enableTtl(client, table, definition.ttlAttribute, signal),
        pointInTimeRecovery: definition.pointInTimeRecovery
          ? await enablePointInTimeRecovery(client, table, signal)
          : 'off',
        deletionProtection: protectionOf(description),
        autoScaling: definition.billing.mode === 'PROVISIONED' ? 'not registered' : 'none',
      }
      logger.info({ event: 'dynamo.table', ...result }, `table ${table}: ${result.result}`)
      return result
    }),
  )
}

function protectionOf(table: TableDescription): TableResult['deletionProtection'] {
  if (table.DeletionProtectionEnabled === undefined) return 'unsupported'
  return table.DeletionProtectionEnabled ? 'on' : 'off'
}

function refuseDifferences(differences: readonly TableDifference[]): void {
  if (differences.length > 0) throw new TablesDifferError(differences)
}

/** Whether it was this call that created the table. */
async function createTable(
  client: DynamoDBClient,
  definition: TableDefinition,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await client.send(new CreateTableCommand(toCreateTableInput(definition, prefix)), abort(signal))
    return true
  } catch (error) {
    if (awsName(error) === 'ResourceInUseException') return false
    throw error
  }
}

async function enableTtl(
  client: DynamoDBClient,
  table: string,
  attribute: string,
  signal: AbortSignal | undefined,
): Promise<TableResult['ttl']> {
  const read = async () =>
    (await client.send(new DescribeTimeToLiveCommand({ TableName: table }), abort(signal))).TimeToLiveDescription
  const accept = (ttl: Awaited<ReturnType<typeof read>>): boolean => {
    if (ttl?.TimeToLiveStatus !== 'ENABLED' && ttl?.TimeToLiveStatus !== 'ENABLING') return false
    const found = ttl.AttributeName ?? 'unknown'
    if (found !== attribute) refuseDifferences([{ table, what: 'expiry attribute', expected: attribute, found }])
    return true
  }
  if (accept(await read())) return 'already enabled'
  try {
    const TimeToLiveSpecification = { AttributeName: attribute, Enabled: true }
    await client.send(new UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification }), abort(signal))
    return 'enabled'
  } catch (error) {
    // AWS refuses to enable it twice; another process may have been quicker.
    if (awsName(error) === 'ValidationException' && accept(await read())) return 'already enabled'
    throw error
  }
}

/** DynamoDB needs a moment after the creation of a table before it can keep backups of it. */
const BACKUP_TRIES = 10

async function enablePointInTimeRecovery(
  client: DynamoDBClient,
  table: string,
  signal: AbortSignal | undefined,
): Promise<TableResult['pointInTimeRecovery']> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { ContinuousBackupsDescription: backups } = await client.send(
        new DescribeContinuousBackupsCommand({ TableName: table }),
        abort(signal),
      )
      const status = backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus
      if (status === 'ENABLED') return 'already enabled'
      const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true }
      await client.send(
        new UpdateContinuousBackupsCommand({ TableName: table, PointInTimeRecoverySpecification }),
        abort(signal),
      )
      return 'enabled'
    } catch (error) {
      const name = awsName(error)
      if (name === 'UnknownOperationException') return 'unsupported'
      if (name !== 'ContinuousBackupsUnavailableException' || attempt === BACKUP_TRIES) throw error
      await sleep(1000, signal)
    }
  }
}
