import { ColumnTypeEnum, type SqlDriverAdapter, type SqlQuery, type SqlResultSet } from '@prisma/driver-adapter-utils'
import { PrismaError } from '../errors/prisma-error.js'

/** The oldest major that the schema is made for: SQL written for it runs on the newer ones too. */
const MAJOR = 15

/**
 * The one thing that the engine asks at its start, whatever it is about to do: whether the schema is there, and which
 * server this is.
 */
const START_QUESTION = /^SELECT EXISTS\(SELECT 1 FROM pg_namespace WHERE nspname = \$1\), version\(\),/

const START_ANSWER: SqlResultSet = {
  columnNames: ['exists', 'version', 'numeric_version'],
  columnTypes: [ColumnTypeEnum.Boolean, ColumnTypeEnum.Text, ColumnTypeEnum.Int32],
  rows: [[true, `PostgreSQL ${MAJOR}.0`, MAJOR * 10_000]],
}

/**
 * Stands in for a database in commands that have none and need none (a `diff` of two files): it tells the engine for
 * which PostgreSQL to write, and refuses everything else.
 */
export function offlineAdapter(): SqlDriverAdapter {
  const refuse = async (): Promise<never> => {
    throw new PrismaError(
      'P1013',
      'This command needs a database, and none is configured: set DIRECT_DATABASE_URL or DATABASE_URL, or start the embedded one with `pnpm db:up`.',
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
