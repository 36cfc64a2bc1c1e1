import { Readable } from 'node:stream'
import type {
  DynamoDBClient,
  ReturnConsumedCapacity,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb'
import { defined, type Logger, type Slots } from '@miyabi/core'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { HandlerExecutionContext, Pluggable } from '@smithy/types'
import type { CallRecord } from '../errors/call-record.js'
import { canceledError } from '../errors/closed.js'
import { awsName, isDefinitelyRefused, noteFailure } from '../errors/map-error.js'
import { setSignal, signalIn } from '../internals/aws-sdk.js'
import type { DynamoHooks } from '../observe/dynamo-hooks.js'
import { AttemptTelling } from './attempt-telling.js'
import { recordOf, withCallDeadline } from './call.js'
import { type CapacityAnswer, type CapacityMeter, capacityIn, consumesCapacity } from './capacity.js'
import { refusedWrites } from './refused-writes.js'
import { operationIn, tablesIn } from './request.js'

/** Requests in flight, with the signal that ends each. */
const signals = new WeakMap<object, AbortSignal>()

/** The SDK's HTTP handler, which also obeys the deadline of the call that a request belongs to. */
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
 * Puts every `send` under a deadline and counts its attempts, whichever code sends it: this package, ElectroDB, a
 * document client made from the same client, or a plain `client.send`. It is middleware because a document client has
 * its own `send` and shares only the middleware with the client that it was made from.
 */
export function callMiddleware(options: {
  readonly timeoutMs: number
  readonly attemptTimeoutMs: number
  readonly maxAttempts: number
  readonly sockets: Slots
  readonly capacity: CapacityMeter
  readonly logger: Logger
  readonly hooks: DynamoHooks
  /** Whether the client is destroyed, and nothing more may be sent. */
  readonly isEnded: () => boolean
  /** Receives the server's time from each response. */
  readonly onDate?: ((date: string | undefined) => void) | undefined
}): Pluggable<ServiceInputTypes, ServiceOutputTypes> {
  const { timeoutMs, attemptTimeoutMs, maxAttempts, sockets, capacity, logger, hooks, isEnded, onDate } = options
  const attempts = new AttemptTelling()
  /** Requests whose current attempt has left this process. */
  const sent = new WeakSet<HandlerExecutionContext>()
  return {
    applyToStack(stack: DynamoDBClient['middlewareStack']) {
      stack.add(
        (next, context) => (args) => {
          const tables = tablesIn(args.input)
          const governing = recordOf(signalIn(context))
          if (governing) {
            for (const table of tables) governing.tables.add(table)
            return noted(next(args), governing)
          }
          return withCallDeadline(
            { operation: operationIn(context), tables, ms: timeoutMs, signal: signalIn(context), hooks },
            (signal, record) => {
              setSignal(context, signal)
              return noted(next(args), record)
            },
          )
        },
        { step: 'initialize', priority: 'high', name: 'miyabiDeadline' },
      )
      stack.add(
        (next, context) => async (args) => {
          const operation = operationIn(context)
          if (!consumesCapacity(operation)) return next(args)
          // The caller's choice takes precedence: with NONE nothing is counted.
          const input = { ...args.input, ReturnConsumedCapacity: askedCapacity(args.input) ?? 'INDEXES' }
          const result = await next({ ...args, input })
          capacity.count(operation, capacityIn(operation, result.output as CapacityAnswer))
          return result
        },
        { step: 'initialize', priority: 'low', name: 'miyabiCapacity' },
      )
      stack.add(
        (next, context) => async (args) => {
          const operation = operationIn(context)
          const record = recordOf(signalIn(context))
          const writes = isWrite(operation)
          sent.delete(context)
          if (record) record.attempts += 1
          const told = record?.hooks?.attempt.isHeard ? attempts.begin(context, record, args.input) : undefined
          try {
            const result = await next(args)
            told?.(capacityIn(operation, result.output as CapacityAnswer))
            return result
          } catch (error) {
            const failure = awsName(error)
            if (record) {
              record.lastFailure = failure
              if (writes && sent.has(context) && isDefinitelyRefused(error)) record.possibleWrites -= 1
            }
            const refused = refusedWrites(args.input, error)
            for (const write of refused) capacity.countRefused(operation, write)
            told?.([], failure, refused)
            if (failure !== 'ConditionalCheckFailedException') {
              const { ThrottlingReasons: throttling } = error as { ThrottlingReasons?: unknown }
              const fields = {
                operation,
                tables: [...(record?.tables ?? [])],
                attempt: record?.attempts,
                maxAttempts,
                ...defined({ throttling }),
              }
              logger.debug({ event: 'dynamo.attempt_failed', ...fields, failure }, 'a DynamoDB request failed')
            }
            throw error
          }
        },
        // After the SDK's retry middleware, so it runs once for each attempt.
        { step: 'finalizeRequest', priority: 'low', name: 'miyabiAttempts' },
      )
      stack.add(
        (next, context) => async (args) => {
          const signal = signalIn(context)
          if (signal && typeof args.request === 'object' && args.request) signals.set(args.request, signal)
          const record = recordOf(signal)
          if (record) {
            record.sockets = sockets
            record.waiting += 1
          }
          const release = await sockets.acquire(signal)
          if (record) {
            record.waiting -= 1
            if (isEnded()) {
              release()
              throw canceledError(record)
            }
            if (isWrite(operationIn(context))) record.possibleWrites += 1
          }
          sent.add(context)
          let body: Readable | undefined
          let isOver = false
          const cut = (): void => {
            isOver = true
            body?.destroy(Object.assign(new Error('the response took too long'), { name: 'TimeoutError' }))
          }
          // A full timer from now, not one for the time left when the response begins: timers of equal length cost Node
          // almost nothing.
          const timer = setTimeout(cut, attemptTimeoutMs)
          const end = (): void => {
            clearTimeout(timer)
            release()
          }
          try {
            const result = await next(args)
            onDate?.(dateOf(result.response))
            // The connection is in use, and the attempt is in progress, until the last byte of the response.
            body = bodyOf(result.response)
            body?.once('close', end)
            if (body === undefined) end()
            else if (isOver) cut()
            return result
          } catch (error) {
            end()
            throw error
          }
        },
        // The innermost: it sees the exact request that the HTTP handler gets.
        { step: 'deserialize', priority: 'low', name: 'miyabiSend' },
      )
    },
  }
}

/** A request whose failure can be read wherever it surfaces. */
async function noted<T>(request: Promise<T>, record: CallRecord): Promise<T> {
  try {
    return await request
  } catch (error) {
    noteFailure(error, record)
    throw error
  }
}

/** Reads are few and named alike; everything else is treated as a write, because that is the safe error. */
function isWrite(operation: string): boolean {
  return !/^(Get|BatchGet|TransactGet|Query|Scan|Describe|List)/.test(operation)
}

const askedCapacity = (input: object) =>
  (input as { ReturnConsumedCapacity?: ReturnConsumedCapacity }).ReturnConsumedCapacity

function dateOf(response: unknown): string | undefined {
  return (response as { headers?: Readonly<Record<string, string>> }).headers?.['date']
}

function bodyOf(response: unknown): Readable | undefined {
  const { body } = response as { body?: unknown }
  return body instanceof Readable ? body : undefined
}
