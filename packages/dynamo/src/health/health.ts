import { BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { asTyped, defined, type Operations } from '@miyabi/core'
import { runCall } from '../client/call.js'
import { closedError } from '../errors/closed.js'
import { DynamoError } from '../errors/errors.js'
import { CREATE_TABLES } from '../errors/map-error.js'
import type { DynamoSettings } from '../settings/config.js'
import { tableDefinitions } from '../tables/definitions.js'
import { describeTable } from '../tables/describe.js'

/** The time limit of a health check. */
const LIMIT_MS = 1000

/** Whether DynamoDB can serve this application and, if not, why and what to do. */
export interface DynamoHealth {
  readonly status: 'up' | 'down'
  readonly latencyMs: number
  readonly reason?: string
  readonly remedy?: string
  /** Names of the tables that do not exist, if that is the reason. */
  readonly missingTables?: readonly string[]
}

/**
 * Reads one item of each table, in one request, within a second: this checks connection, credentials and tables
 * together. Only when a table is missing does it determine which. After `close()` it reports down, and sends nothing.
 * Never throws, except for the caller's own abort.
 */
export async function checkHealth(
  client: DynamoDBClient,
  settings: DynamoSettings,
  operations: Operations,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<DynamoHealth> {
  const startedAtMs = performance.now()
  const latencyMs = (): number => Math.round((performance.now() - startedAtMs) * 10) / 10
  const names = tableDefinitions.map(({ name }) => settings.tablePrefix + name)
  const call = { operation: 'health', tables: [], ms: Math.min(LIMIT_MS, settings.timeoutMs), signal: options.signal }
  const missing: string[] = []
  try {
    await operations.begin(
      () =>
        runCall(call, async (abortSignal) => {
          const Keys = [{ pk: { S: '$health' }, sk: { S: '$health' } }]
          const RequestItems = Object.fromEntries(names.map((name) => [name, { Keys }]))
          try {
            await client.send(new BatchGetItemCommand({ RequestItems }), { abortSignal })
          } catch (error) {
            const found = await missingAmong(client, names, error, abortSignal)
            if (found.length === 0) throw error
            missing.push(...found)
          }
        }),
      () => closedError('health', names),
    )
  } catch (error) {
    options.signal?.throwIfAborted()
    return { status: 'down', latencyMs: latencyMs(), ...explain(error, settings) }
  }
  if (missing.length === 0) return { status: 'up', latencyMs: latencyMs() }
  return {
    status: 'down',
    latencyMs: latencyMs(),
    reason: `${missing.length} of ${names.length} tables do not exist: ${missing.join(', ')}`,
    remedy: asTyped(CREATE_TABLES),
    missingTables: missing,
  }
}

async function missingAmong(
  client: DynamoDBClient,
  names: readonly string[],
  error: unknown,
  signal: AbortSignal,
): Promise<string[]> {
  if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') return []
  const found = await Promise.all(names.map((name) => describeTable(client, name, signal)))
  return names.filter((_, i) => found[i] === undefined)
}

function explain(error: unknown, settings: DynamoSettings): Pick<DynamoHealth, 'reason' | 'remedy'> {
  if (!(error instanceof DynamoError)) return { reason: error instanceof Error ? error.message : String(error) }
  const { code, reason, remedy } = error
  if (code === 'dynamo.access_denied') {
    return { reason, remedy: 'allow dynamodb:BatchGetItem and dynamodb:DescribeTable on the tables' }
  }
  if (
    code === 'dynamo.unreachable' ||
    code === 'dynamo.timeout' ||
    (code === 'dynamo.deadline' && error.details.attempts > 0)
  ) {
    const where = settings.endpoint === undefined ? `AWS in ${settings.region}` : new URL(settings.endpoint).host
    return { reason, remedy: [`check that ${where} responds`, remedy].filter(Boolean).join('; ') }
  }
  return { reason, ...defined({ remedy }) }
}
