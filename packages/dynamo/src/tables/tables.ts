import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Logger, Operations } from '@miyabi/core'
import { withOurErrors } from '../client/call.js'
import { closedError } from '../errors/closed.js'
import { DynamoInputError } from '../errors/errors.js'
import type { DynamoSettings } from '../settings/config.js'
import { isAwsEndpoint } from '../settings/endpoint.js'
import type { TableServer } from './actual.js'
import { applyTables, planTables, type TablesApplied } from './apply.js'
import { createAutoScaling } from './auto-scaling.js'
import { tableDefinitions } from './definitions.js'
import { describeTable } from './describe.js'
import type { ApplyOptions } from './options.js'
import type { TablesPlan } from './step.js'

/** Which tables exist, and whether they match their definitions. */
export interface TablesStatus extends TablesPlan {
  readonly tables: readonly {
    /** With the prefix. */
    readonly table: string
    /** DynamoDB's own: `ACTIVE`, `CREATING`, `UPDATING` ...; `absent` when there is none. */
    readonly status: string
  }[]
  /** Names of those that do not exist. */
  readonly missing: readonly string[]
}

interface CallerOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * The tables of one prefix. Failures are reported as `DynamoError`, as by every other call; after `close()` it is
 * `dynamo.closed`.
 */
export interface Tables {
  /** Returns which tables exist, and how they differ from their definitions. */
  status(options?: CallerOptions): Promise<TablesStatus>
  /** Returns what `apply` would do. Changes nothing. */
  plan(options?: CallerOptions): Promise<TablesPlan>
  /**
   * Creates what is missing and brings existing tables to their definitions, and waits until they match. Safe to call
   * again, and from several processes concurrently.
   * @throws {DestructiveStepsError} when a table that `replace` does not name would lose something; nothing is changed
   * then.
   * @throws {TableNotReadyError} when a step takes longer than `waitMs`.
   */
  apply(options?: ApplyOptions): Promise<TablesApplied>
}

export function bindTables(
  client: DynamoDBClient,
  settings: DynamoSettings,
  { operations, logger }: { readonly operations: Operations; readonly logger: Logger },
): Tables {
  const named = tableDefinitions.map((definition) => ({ definition, table: settings.tablePrefix + definition.name }))
  const names = named.map(({ table }) => table)
  const isAws = isAwsEndpoint(settings.endpoint)

  const withServer = <T>(operation: string, options: CallerOptions, work: (server: TableServer) => Promise<T>) =>
    operations.begin(
      () => askServer(operation, options, work),
      () => closedError(operation, names),
    )

  async function askServer<T>(
    operation: string,
    { signal }: CallerOptions,
    work: (server: TableServer) => Promise<T>,
  ): Promise<T> {
    const hasScaling = isAws || settings.autoScalingEndpoint !== undefined
    const autoScaling = hasScaling ? createAutoScaling(client, settings) : undefined
    try {
      return await withOurErrors({ operation, tables: names, signal }, () => work({ client, autoScaling, isAws }))
    } finally {
      autoScaling?.destroy()
    }
  }

  return {
    status: (options = {}) =>
      withServer('tables.status', options, async (server) => {
        const describe = async (table: string) => ({
          table,
          status: (await describeTable(client, table, options.signal))?.TableStatus ?? 'absent',
        })
        const tables = await Promise.all(names.map(describe))
        const missing = tables.filter(({ status }) => status === 'absent').map(({ table }) => table)
        return { tables, missing, ...(await planTables(server, named, options.signal)) }
      }),
    plan: (options = {}) => withServer('tables.plan', options, (server) => planTables(server, named, options.signal)),
    apply: (options = {}) =>
      withServer('tables.apply', options, (server) => {
        const stranger = options.replace?.find((table) => !names.includes(table))
        if (stranger !== undefined) {
          throw new DynamoInputError(
            'replace',
            `names ${JSON.stringify(stranger)}; expected one of ${names.join(', ')}`,
          )
        }
        return applyTables(server, named, { ...options, logger })
      }),
  }
}
