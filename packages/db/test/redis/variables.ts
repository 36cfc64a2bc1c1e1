import { dynamodbEndpoint, type TestDatabase, tablePrefix } from '@miyabi/testing'

export const CACHE_SECRET = 'a secret of the tests of 32 bytes or more'

/** The environment of a process that caches in the Redis at `url`, or in memory alone. */
export const variables = (database: TestDatabase, url?: string, secret = CACHE_SECRET): Record<string, string> => ({
  DATABASE_URL: database.databaseUrl,
  SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
  DYNAMODB_ENDPOINT: dynamodbEndpoint(),
  DYNAMODB_TABLE_PREFIX: tablePrefix(),
  ...(url !== undefined && { REDIS_URL: url, CACHE_SECRET: secret }),
})
