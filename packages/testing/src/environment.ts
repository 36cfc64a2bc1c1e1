import { MiyabiError, readVariable } from '@miyabi/core'

/**
 * How a run passes its servers to test files and to the processes they spawn: environment variables, because every
 * worker and every child inherits them. Set by the user to run the tests on their own servers, otherwise by
 * `startTestRun`.
 */
export const testVariables = {
  /** The application's login: may assume a user's role of either kind, and has no privileges itself. */
  databaseUrl: 'TEST_DATABASE_URL',
  /** The migrator's login: may create databases. */
  directDatabaseUrl: 'TEST_DIRECT_DATABASE_URL',
  /** The service's login: may assume the service role, and no user's role. */
  serviceDatabaseUrl: 'TEST_SERVICE_DATABASE_URL',
  dynamodbEndpoint: 'TEST_DYNAMODB_ENDPOINT',
  /** The name of the run: every database and table it creates starts with it. Set by `startTestRun` only. */
  prefix: 'MIYABI_TEST_PREFIX',
} as const

/** A test requested a server that the run does not have. */
export class TestServerMissingError extends MiyabiError<'testing.server_missing', { readonly variable: string }> {
  override readonly name = 'TestServerMissingError'

  constructor(variable: string, remedy: string) {
    super('testing.server_missing', `${variable} is not set`, { details: { variable }, remedy })
  }
}

const startedByRun =
  'run the tests through the root, `pnpm test` or `vitest run --root <root>`, whose global setup starts the servers'

/** Returns the value of a variable of the run, or throws an error that says what sets it. */
export function fromRun(name: keyof typeof testVariables, remedy: string = startedByRun): string {
  const variable = testVariables[name]
  const value = readVariable(process.env, variable)
  if (value === undefined) throw new TestServerMissingError(variable, remedy)
  return value
}

/** The DynamoDB endpoint of the run. */
export function dynamodbEndpoint(): string {
  return fromRun(
    'dynamodbEndpoint',
    'the run has no DynamoDB engine (see the message of its global setup); set the variable to the URL of an engine',
  )
}

/**
 * Settings with which a call ends in time on a machine that is busy with other work. For contexts of a test that is not
 * about these limits.
 */
export const patience = {
  DB_ACQUIRE_TIMEOUT: '60',
  DB_CONNECT_TIMEOUT: '60',
  DYNAMODB_TIMEOUT: '60',
  DYNAMODB_ATTEMPT_TIMEOUT_MS: '20000',
} as const

let tables = 0

/**
 * Returns a prefix for the DynamoDB tables of one test file, unique across files and runs. Tables that start with it
 * are dropped when the run ends.
 */
export function tablePrefix(): string {
  tables += 1
  return `${fromRun('prefix')}_${process.pid.toString(36)}${tables.toString(36)}_`
}
