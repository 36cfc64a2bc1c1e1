import { acquireStack, type Stack } from '@miyabi/local'
import { testVariables } from './environment.js'

/** The servers of a run: those that the environment names, and a temporary embedded stack for what it does not. */
export interface Servers {
  /** Whether the stack is all there is: then everything is gone with it. */
  readonly areTemporary: boolean
  /** Ends the stack, if there is one. */
  close(): Promise<void>
}

/** Finds or starts the servers, and says in the environment where they are. */
export async function startServers(): Promise<Servers> {
  const { databaseUrl, directDatabaseUrl, dynamodbEndpoint } = testVariables
  const isSet = (name: string): boolean => Boolean(process.env[name]?.trim())
  const hasPostgres = isSet(databaseUrl) && isSet(directDatabaseUrl)
  const hasDynamo = isSet(dynamodbEndpoint)
  const stack = hasPostgres && hasDynamo ? undefined : await acquireStack({ temporary: true })
  if (stack && !hasPostgres) {
    process.env[databaseUrl] = stack.descriptor.postgres.databaseUrl
    process.env[directDatabaseUrl] = stack.descriptor.postgres.directDatabaseUrl
  }
  if (stack && !hasDynamo) nameDynamo(stack)
  return { areTemporary: !hasPostgres && !hasDynamo, close: async () => stack?.close() }
}

function nameDynamo({ descriptor: { dynamodb } }: Stack): void {
  if ('endpoint' in dynamodb) process.env[testVariables.dynamodbEndpoint] = String(dynamodb.endpoint)
  else console.warn(`No DynamoDB in this run, so tests that need it fail: ${String(dynamodb.unavailable)}`)
}
