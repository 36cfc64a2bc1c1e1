import { asTyped, DYNAMODB_ENDPOINTS, MiyabiError } from '@miyabi/core'
import type { Dynamo } from '@miyabi/dynamo'
import { say } from '../terminal/output.js'
import { commandEnvironment, stackUnlessSet } from './environment.js'

/**
 * Runs `work` on the DynamoDB that an application with this environment would use, and reports which one that is. The
 * embedded stack, if used, is up while `work` runs.
 * @throws {MiyabiError} `cli.no_dynamodb` if the stack has no DynamoDB on this platform.
 */
export async function withDynamo<T>(work: (dynamo: Dynamo, server: string) => Promise<T>): Promise<T> {
  const { createDynamo, parseDynamoSettings } = await import('@miyabi/dynamo') // with the AWS SDK, which help texts do not need
  const environment = commandEnvironment()
  await using stack = await stackUnlessSet(environment, DYNAMODB_ENDPOINTS)
  const found = stack?.descriptor.dynamodb
  if (found && 'unavailable' in found) throw new MiyabiError('cli.no_dynamodb', asTyped(String(found.unavailable)))

  const endpoint = found ? { DYNAMODB_ENDPOINT: String(found.endpoint) } : {}
  const settings = parseDynamoSettings({ ...environment.env, ...endpoint })
  const server = settings.endpoint === undefined ? `AWS ${settings.region}` : new URL(settings.endpoint).origin
  say(`DynamoDB: ${found ? `embedded stack, ${server}` : server}`)
  await using dynamo = createDynamo(settings)
  return await work(dynamo, server)
}
