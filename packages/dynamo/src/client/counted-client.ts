import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Operations } from '@miyabi/core'
import { closedError } from '../errors/closed.js'
import { operationIn, tablesIn } from './request.js'

/**
 * The same client for outside callers, each of whose requests is a separate operation: counted, so that `close` can
 * wait for it, and refused once the intake is closed. Implemented as middleware, which document clients made from it
 * share. Our own calls, which are counted as a whole, bypass it.
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
