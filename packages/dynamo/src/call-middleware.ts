import type { DynamoDBClient, ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-dynamodb'
import type { Logger } from '@miyabi/core'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { type HandlerExecutionContext, type Pluggable, SMITHY_CONTEXT_KEY } from '@smithy/types'
import { recordOf, withCallDeadline } from './call.js'
import { awsName, isDefinitelyRefused } from './map-error.js'

/** Requests on their way, with the signal that ends them. */
const signals = new WeakMap<object, AbortSignal>()

/** The SDK's own HTTP handler, which here also obeys the deadline of the call that a request belongs to. */
export class CallHttpHandler extends NodeHttpHandler {
  override handle(
    request: Parameters<NodeHttpHandler['handle']>[0],
    options?: Parameters<NodeHttpHandler['handle']>[1],
  ): ReturnType<NodeHttpHandler['handle']> {
    const signal = signals.get(request)
    return super.handle(request, signal ? { ...options, abortSignal: signal } : options)
  }
}

/**
 * Puts every `send` under a deadline and keeps count of its attempts, whoever sends: this package, ElectroDB, a document
 * client made from the same client, or a plain `client.send`. It is a middleware because a document client has a `send` of its own
 * and shares only the middleware with the client that it was made from.
 */
export function callMiddleware(options: {
  readonly timeoutMs: number
  readonly maxAttempts: number
  readonly logger: Logger
}): Pluggable<ServiceInputTypes, ServiceOutputTypes> {
  const { timeoutMs, maxAttempts, logger } = options
  return {
    applyToStack(stack: DynamoDBClient['middlewareStack']) {
      stack.add(
        (next, context) => (args) => {
          const tables = tablesIn(args.input)
          const governing = recordOf(signalIn(context))
          if (governing) {
            for (const table of tables) governing.tables.add(table)
            return next(args)
          }
          return withCallDeadline(
            { operation: operationIn(context), tables, ms: timeoutMs, signal: signalIn(context) },
            (signal) => {
              // The retry loop watches this signal between attempts and while it waits.
              context[SMITHY_CONTEXT_KEY] = { ...context[SMITHY_CONTEXT_KEY], abortSignal: signal }
              return next(args)
            },
          )
        },
        { step: 'initialize', priority: 'high', name: 'miyabiDeadline' },
      )
      stack.add(
        (next, context) => async (args) => {
          const operation = operationIn(context)
          const record = recordOf(signalIn(context))
          const writes = isWrite(operation)
          if (record) {
            record.attempts += 1
            if (writes) record.possibleWrites += 1
          }
          try {
            return await next(args)
          } catch (error) {
            const failure = awsName(error)
            if (record) {
              record.lastFailure = failure
              if (writes && isDefinitelyRefused(error)) record.possibleWrites -= 1
            }
            if (failure !== 'ConditionalCheckFailedException') {
              const { ThrottlingReasons: throttling } = error as { ThrottlingReasons?: unknown }
              const fields = {
                operation,
                tables: [...(record?.tables ?? [])],
                attempt: record?.attempts,
                maxAttempts,
                ...(throttling === undefined ? {} : { throttling }),
              }
              logger.debug({ event: 'dynamo.attempt_failed', ...fields, failure }, 'a DynamoDB request failed')
            }
            throw error
          }
        },
        // After the SDK's retry middleware, so once for each attempt.
        { step: 'finalizeRequest', priority: 'low', name: 'miyabiAttempts' },
      )
      stack.add(
        (next, context) => (args) => {
          const signal = signalIn(context)
          if (signal && typeof args.request === 'object' && args.request) signals.set(args.request, signal)
          return next(args)
        },
        // The innermost: what it sees is the very request that the HTTP handler gets.
        { step: 'deserialize', priority: 'low', name: 'miyabiSignal' },
      )
    },
  }
}

function signalIn(context: HandlerExecutionContext): AbortSignal | undefined {
  return context[SMITHY_CONTEXT_KEY]?.abortSignal as AbortSignal | undefined
}

/** `PutItem` for a `PutItemCommand`. */
function operationIn(context: HandlerExecutionContext): string {
  return (context.commandName ?? 'unknown').replace(/Command$/, '')
}

/** Reads are few and named alike; everything else is taken for a write, because that is the safe way to be wrong. */
function isWrite(operation: string): boolean {
  return !/^(Get|BatchGet|TransactGet|Query|Scan|Describe|List)/.test(operation)
}

/** The tables that a request names, wherever it does. */
function tablesIn(input: object): string[] {
  const { TableName, RequestItems, TransactItems } = input as {
    TableName?: string
    RequestItems?: Record<string, unknown>
    TransactItems?: readonly Record<string, { readonly TableName?: string }>[]
  }
  const inTransaction = (TransactItems ?? []).flatMap((item) => Object.values(item).map((action) => action.TableName))
  return [TableName, ...Object.keys(RequestItems ?? {}), ...inTransaction].filter((name) => name !== undefined)
}
