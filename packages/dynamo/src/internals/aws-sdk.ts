import { type DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import * as awsCore from '@aws-sdk/core/client'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { InternalsCheck, internalsOf, type Logger } from '@miyabi/core'
import { type HandlerExecutionContext, SMITHY_CONTEXT_KEY } from '@smithy/types'
import { DynamoInternalsError } from '../errors/errors.js'

/**
 * All that is used of the AWS SDK and is no part of its documentation: what for, in which version it was read, and the
 * one way to it. A start with another version names what is missing. ElectroDB is used by its documentation alone.
 *
 * What is no member and can be looked for in no object, tests see on real answers: that the SDK's retry loop watches
 * the signal in a request's context (client.fault.test.ts), and throws the very error that its retry strategy was given
 * (retries.fault.test.ts).
 */

const CORE = { package: '@aws-sdk/core', readIn: '3.981.0' }
const SMITHY = { package: '@smithy/core', readIn: '3.41.0', via: '@aws-sdk/client-dynamodb' }
const CLIENT = { package: '@aws-sdk/client-dynamodb', readIn: '3.1164.0' }
const DOCUMENT = { package: '@aws-sdk/lib-dynamodb', readIn: '3.1162.0' }

const QUIET = 'a start in which the SDK prints nothing about the version of Node'
const UNLOGGED = 'leaving out the copies that the SDK makes of every answer for a log'

export const AWS_INTERNALS = [
  ...internalsOf(SMITHY, [
    ['context of a command', SMITHY_CONTEXT_KEY, 'object', 'ends a call at its deadline'],
    [
      'context of a command.smithy',
      'abortSignal',
      'object',
      'ends a call at its deadline, and when its caller goes away',
    ],
  ]),
  ...internalsOf(DOCUMENT, [
    [
      'DynamoDBDocumentClient.config',
      'translateConfig',
      'object',
      'keeps the forms of values apart from those of others',
    ],
  ]),
  ...internalsOf(CORE, [['client.state', 'warningEmitted', 'boolean', 'tells the SDK that it has warned', QUIET]]),
  ...internalsOf(CLIENT, [['middlewareStack', 'loggerMiddleware', 'any', 'takes it out', UNLOGGED]]),
]

/** What the SDK makes of a command, without sending it. */
export function awsHolders(client: DynamoDBClient) {
  const context = contextOf(client)
  const middleware = client.middlewareStack.identify().map((name) => [name.split(' - ')[0], true] as const)
  return {
    'context of a command': context,
    'context of a command.smithy': context?.[SMITHY_CONTEXT_KEY],
    'DynamoDBDocumentClient.config': ownDocumentClient(client).config as object,
    'client.state': warningState(),
    middlewareStack: Object.fromEntries(middleware) as object,
  }
}

function contextOf(client: DynamoDBClient): HandlerExecutionContext | undefined {
  let seen: HandlerExecutionContext | undefined
  const stack = client.middlewareStack.clone()
  stack.add(
    (next, context) => {
      seen = context
      return next
    },
    { step: 'initialize' },
  )
  new ListTablesCommand({}).resolveMiddleware(stack, client.config, { abortSignal: new AbortController().signal })
  return seen
}

let check: InternalsCheck<keyof ReturnType<typeof awsHolders>> | undefined

/**
 * Looks for all of it, with the first client of a process, and takes out of the client what only costs time.
 * @throws {DynamoInternalsError} naming what is missing, and the version that lacks it.
 */
export function prepareClient(client: DynamoDBClient, logger: Logger | undefined): void {
  if (check === undefined) {
    const holders = awsHolders(client)
    check = new InternalsCheck(AWS_INTERNALS, () => holders, import.meta.url)
  }
  if (check.problem) throw new DynamoInternalsError(check.problem)
  check.has(QUIET, logger)
  // It copies, without secrets, all that was sent and received, also where nobody listens, as here.
  if (check.has(UNLOGGED, logger)) client.middlewareStack.remove('loggerMiddleware')
}

/**
 * To be called before a client is made. The SDK prints, once a process, that it will leave this Node version; our
 * README says so, a library's log should not.
 */
export function hushNodeVersionWarning(): void {
  const state = warningState()
  if (state) state.warningEmitted = true
}

/** Not imported by its name: an import of what is not there would fail before anything could tell. */
function warningState(): { warningEmitted: boolean } | undefined {
  return (awsCore as { readonly state?: { warningEmitted: boolean } }).state
}

/** The signal that a request is sent with, its caller's or ours. */
export function signalIn(context: HandlerExecutionContext): AbortSignal | undefined {
  return context[SMITHY_CONTEXT_KEY]?.abortSignal as AbortSignal | undefined
}

/** Puts a signal in its place, which the SDK's retry loop then watches between attempts and while it waits. */
export function setSignal(context: HandlerExecutionContext, signal: AbortSignal): void {
  context[SMITHY_CONTEXT_KEY] = { ...context[SMITHY_CONTEXT_KEY], abortSignal: signal }
}

/**
 * A document client of our own over `client`. The SDK keeps a document client's marshalling options in the
 * configuration of the client it was made from, where the next document client overwrites them; hence the copy.
 */
export function ownDocumentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  const copy = Object.create(client, { config: { value: { ...client.config } } }) as DynamoDBClient
  return DynamoDBDocumentClient.from(copy, {
    // What is no plain object is refused before; the SDK also takes one with a member named `constructor` for an
    // instance.
    marshallOptions: { removeUndefinedValues: true, convertClassInstanceToMap: true },
  })
}
