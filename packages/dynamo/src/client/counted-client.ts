import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Operations } from '@miyabi/core'
import { closedError } from '../errors/closed.js'
import { operationIn, tablesIn } from './request.js'

/**
 * The same client for callers from outside, each of whose requests is an operation of its own: counted, so that `close`
 * can wait for it, and refused once the intake is closed. By a middleware, which document clients made from it share.
 * Our own calls, which are counted whole, go past it.
 */
export function countedClient(client: DynamoDBClient, operations: Operations): DynamoDBClient {
  const middlewareStack = client.middlewareStack.clone()
  middlewareStack.add(
    (next, context) => (args) =>
      operations.begin(
        () => next(args),
        () => closedError(operationIn(context), tablesIn(args.input)),
      ),
    { step: 'initialize', priority: 'high', name: 'miyabiOperation' },
  )
  return Object.create(client, { middlewareStack: { value: middlewareStack, enumerable: true } }) as DynamoDBClient
}
