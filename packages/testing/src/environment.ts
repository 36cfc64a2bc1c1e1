import { MiyabiError, readVariable } from '@miyabi/core'

/**
 * How a run hands its servers to test files and to the processes they spawn: environment variables, because every
 * worker and every child inherits them. Set by whoever wants the tests on servers of their own, else by `startTestRun`.
 */
export const testVariables = {
  /** The application's login: may be a person of either kind, and has no right of its own. */
  databaseUrl: 'TEST_DATABASE_URL',
  /** The migrator's login: may create databases. */
  directDatabaseUrl: 'TEST_DIRECT_DATABASE_URL',
  /** The service's login: may be the service, and no person. */
  serviceDatabaseUrl: 'TEST_SERVICE_DATABASE_URL',
  dynamodbEndpoint: 'TEST_DYNAMODB_ENDPOINT',
  /** Names the run: every database and table it makes begins with this. Set by `startTestRun` only. */
  prefix: 'MIYABI_TEST_PREFIX',
} as const

/** A test asked for a server that the run does not have. */
export class TestServerMissingError extends MiyabiError<'testing.server_missing', { readonly variable: string }> {
  override readonly name = 'TestServerMissingError'

  constructor(variable: string, remedy: string) {
    super('testing.server_missing', `${variable} is not set`, { details: { variable }, remedy })
  }
}

const startedByRun =
  'run the tests through the root, `pnpm test` or `vitest run --root <root>`, whose global setup starts it'

/** The value of a variable of the run, or an error that says who sets it. */
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
    'the run has no DynamoDB engine (see the message of its global setup); set the variable to the URL of one',
  )
}

let tables = 0

/**
 * A prefix for the DynamoDB tables of one test file, unique over files and runs. Tables that begin with it are dropped
 * when the run ends.
 */
export function tablePrefix(): string {
  tables += 1
  return `${fromRun('prefix')}_${process.pid.toString(36)}${tables.toString(36)}_`
}
