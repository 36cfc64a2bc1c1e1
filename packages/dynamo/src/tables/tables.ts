import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Logger } from '@miyabi/core'
import { withOurErrors } from '../call.js'
import { type CreateTablesOptions, createTables, type TableResult } from './create.js'
import { tableDefinitions } from './definitions.js'
import { describeTable } from './describe.js'

/** Which tables are there. */
export interface TablesStatus {
  readonly tables: readonly {
    /** With the prefix. */
    readonly table: string
    /** DynamoDB's own: `ACTIVE`, `CREATING`, `UPDATING` ... */
    readonly status: string
  }[]
  /** Names of those that do not exist. */
  readonly missing: readonly string[]
}

/** The tables of one prefix. What fails comes out as a `DynamoError`, like every other call. */
export interface Tables {
  /** Creates what is missing; see `createTables`. */
  create(options?: Pick<CreateTablesOptions, 'waitMs' | 'signal'>): Promise<TableResult[]>
  status(options?: { readonly signal?: AbortSignal | undefined }): Promise<TablesStatus>
}

export function bindTables(client: DynamoDBClient, prefix: string, logger: Logger): Tables {
  return {
    create: (options = {}) => createTables(client, { ...options, prefix, logger }),
    async status({ signal } = {}) {
      const names = tableDefinitions.map(({ name }) => prefix + name)
      const tables = await withOurErrors({ operation: 'tables.status', tables: names, signal }, () =>
        Promise.all(
          names.map(async (table) => ({
            table,
            status: (await describeTable(client, table, signal))?.TableStatus ?? 'absent',
          })),
        ),
      )
      return { tables, missing: tables.filter(({ status }) => status === 'absent').map(({ table }) => table) }
    },
  }
}
