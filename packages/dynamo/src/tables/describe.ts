import { DescribeTableCommand, type DynamoDBClient, type TableDescription } from '@aws-sdk/client-dynamodb'
import { sleep } from '@miyabi/core'
import { awsName } from '../map-error.js'
import { TableNotReadyError } from './errors.js'

/** The description of a table, or undefined when there is none. */
export async function describeTable(
  client: DynamoDBClient,
  name: string,
  signal?: AbortSignal,
): Promise<TableDescription | undefined> {
  try {
    const answer = await client.send(new DescribeTableCommand({ TableName: name }), abort(signal))
    return answer.Table
  } catch (error) {
    if (awsName(error) === 'ResourceNotFoundException') return undefined
    throw error
  }
}

/** Waits until a table and all its indexes are ACTIVE. On AWS that takes about ten seconds, on an emulator none. */
export async function waitUntilActive(
  client: DynamoDBClient,
  name: string,
  options: { readonly waitMs: number; readonly signal?: AbortSignal | undefined },
): Promise<TableDescription> {
  const startedAtMs = performance.now()
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2000)) {
    const table = await describeTable(client, name, options.signal)
    const states = [table?.TableStatus, ...(table?.GlobalSecondaryIndexes ?? []).map((index) => index.IndexStatus)]
    // Some emulators say nothing of an index's state.
    const waiting = states.find((state, i) => state !== 'ACTIVE' && !(i > 0 && state === undefined))
    if (table && waiting === undefined && table.TableStatus === 'ACTIVE') return table
    const waitedMs = performance.now() - startedAtMs
    if (waitedMs > options.waitMs) throw new TableNotReadyError(name, waiting ?? 'absent', waitedMs)
    await sleep(pauseMs, options.signal)
  }
}

/** The options of `send` for a signal that may be absent. */
export const abort = (signal: AbortSignal | undefined): { abortSignal?: AbortSignal } =>
  signal ? { abortSignal: signal } : {}
