import { ColumnTypeEnum, type SqlDriverAdapter, type SqlQuery, type SqlResultSet } from '@prisma/driver-adapter-utils'
import { PrismaError } from '../errors/prisma-error.js'

/** The oldest major version that the schema targets: SQL written for it runs on newer ones too. */
const MAJOR = 15

/**
 * The one query that the engine sends at its start, whatever it is about to do: whether the schema exists, and which
 * server this is.
 */
const START_QUESTION = /^SELECT EXISTS\(SELECT 1 FROM pg_namespace WHERE nspname = \$1\), version\(\),/

const START_ANSWER: SqlResultSet = {
  columnNames: ['exists', 'version', 'numeric_version'],
  columnTypes: [ColumnTypeEnum.Boolean, ColumnTypeEnum.Text, ColumnTypeEnum.Int32],
  rows: [[true, `PostgreSQL ${MAJOR}.0`, MAJOR * 10_000]],
}

/**
 * A placeholder in commands that have and need no database (a `diff` of two files): it tells the engine for which
 * PostgreSQL to write, and refuses everything else.
 */
export function offlineAdapter(): SqlDriverAdapter {
  const refuse = async (): Promise<never> => {
    throw new PrismaError(
      'P1013',
      'This command needs a database, but none is configured: set DIRECT_DATABASE_URL or DATABASE_URL, or start the embedded server with `pnpm db:up`.',
    )
  }
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    queryRaw: (query: SqlQuery) => (START_QUESTION.test(query.sql) ? Promise.resolve(START_ANSWER) : refuse()),
    executeRaw: refuse,
    executeScript: refuse,
    startTransaction: refuse,
    getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: true }),
    dispose: async () => {},
  }
}
