import { isSet } from '@miyabi/core'
import { acquireStack, type Stack } from '@miyabi/local'
import { withConnection } from './admin.js'
import { TestServerMissingError, testVariables } from './environment.js'

/** The servers of a run: those that the environment names, and a temporary embedded stack for the others. */
export interface Servers {
  /** Whether only the stack is used: then everything is removed with it. */
  readonly areTemporary: boolean
  /** Ends the stack, if there is one. */
  close(): Promise<void>
}

/** Finds or starts the servers, and sets environment variables that name them. */
export async function startServers(): Promise<Servers> {
  const { databaseUrl, directDatabaseUrl, serviceDatabaseUrl, dynamodbEndpoint } = testVariables
  const logins = [databaseUrl, directDatabaseUrl, serviceDatabaseUrl]
  const hasPostgres = logins.some((name) => isSet(process.env, name))
  const missing = hasPostgres ? logins.find((name) => !isSet(process.env, name)) : undefined
  if (missing) throw new TestServerMissingError(missing, `your own server requires all of ${logins.join(', ')}`)
  const hasDynamo = isSet(process.env, dynamodbEndpoint)
  const stack = hasPostgres && hasDynamo ? undefined : await acquireStack({ temporary: true })
  if (stack && !hasPostgres) {
    const { postgres } = stack.descriptor
    process.env[databaseUrl] = postgres.databaseUrl
    process.env[directDatabaseUrl] = postgres.directDatabaseUrl
    process.env[serviceDatabaseUrl] = postgres.serviceDatabaseUrl
    await Promise.all([postgres.databaseUrl, postgres.directDatabaseUrl, postgres.serviceDatabaseUrl].map(unstretch))
  }
  if (stack && !hasDynamo) nameDynamo(stack)
  return { areTemporary: !hasPostgres && !hasDynamo, close: async () => stack?.close() }
}

/**
 * Stores the login's password again, with one hash iteration instead of 4096: it is long and random, so iterations
 * protect nothing, and they take half of the client's time for each of the thousands of sessions of a run.
 */
async function unstretch(url: string): Promise<void> {
  await withConnection(url, async (client) => {
    await client.query('SET scram_iterations = 1')
    await client.query(`ALTER ROLE CURRENT_USER PASSWORD ${client.escapeLiteral(new URL(url).password)}`)
  })
}

function nameDynamo({ descriptor: { dynamodb } }: Stack): void {
  if ('endpoint' in dynamodb) process.env[testVariables.dynamodbEndpoint] = String(dynamodb.endpoint)
  else console.warn(`No DynamoDB in this run, so tests that need it fail: ${String(dynamodb.unavailable)}`)
}
