import { type DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import * as awsCore from '@aws-sdk/core/client'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { InternalsCheck, internalsOf, type Logger } from '@miyabi/core'
import { type HandlerExecutionContext, SMITHY_CONTEXT_KEY } from '@smithy/types'
import { DynamoInternalsError } from '../errors/errors.js'

/**
 * All AWS SDK internals that are used although they are undocumented: their purpose, the version in which they were
 * read, and the only access to them. A start with another version reports what is missing. ElectroDB is used only
 * through its documented API.
 *
 * Behavior that is not a member of any object is tested on real responses: that the SDK's retry loop watches the signal
 * in a request's context (client.fault.test.ts), and throws the very error that its retry strategy was given
 * (retries.fault.test.ts).
 */

const CORE = { package: '@aws-sdk/core', readIn: '3.981.0' }
const SMITHY = { package: '@smithy/core', readIn: '3.41.0', via: '@aws-sdk/client-dynamodb' }
const CLIENT = { package: '@aws-sdk/client-dynamodb', readIn: '3.1164.0' }
const DOCUMENT = { package: '@aws-sdk/lib-dynamodb', readIn: '3.1162.0' }

const QUIET = "startup without the SDK's Node version warning"
const UNLOGGED = 'omitting the copies that the SDK makes of every response for a log'

export const AWS_INTERNALS = [
  ...internalsOf(SMITHY, [
    ['context of a command', SMITHY_CONTEXT_KEY, 'object', 'ending a call at its deadline'],
    [
      'context of a command.smithy',
      'abortSignal',
      'object',
      'ending a call at its deadline, and when its caller cancels',
    ],
  ]),
  ...internalsOf(DOCUMENT, [
    [
      'DynamoDBDocumentClient.config',
      'translateConfig',
      'object',
      'keeping its marshalling options separate from those of others',
    ],
  ]),
  ...internalsOf(CORE, [
    ['client.state', 'warningEmitted', 'boolean', "marking the SDK's warning as already shown", QUIET],
  ]),
  ...internalsOf(CLIENT, [['middlewareStack', 'loggerMiddleware', 'any', 'removing it', UNLOGGED]]),
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
 * Checks for all of them with the first client of a process, and removes from the client what only costs time.
 * @throws {DynamoInternalsError} naming what is missing, and the version that lacks it.
 */
export function prepareClient(client: DynamoDBClient, logger: Logger | undefined): void {
  if (check === undefined) {
    const holders = awsHolders(client)
    check = new InternalsCheck(AWS_INTERNALS, () => holders, import.meta.url)
  }
  if (check.problem) throw new DynamoInternalsError(check.problem)
  check.has(QUIET, logger)
  // It copies, without secrets, everything sent and received, even if nothing listens, as here.
  if (check.has(UNLOGGED, logger)) client.middlewareStack.remove('loggerMiddleware')
}

/**
 * Call it before a client is created. The SDK prints, once a process, that it will drop support for this Node version;
 * our README says so, and a library should not log it.
 */
export function hushNodeVersionWarning(): void {
  const state = warningState()
  if (state) state.warningEmitted = true
}

/** Not imported by name: importing a missing export would fail before anything could report it. */
function warningState(): { warningEmitted: boolean } | undefined {
  return (awsCore as { readonly state?: { warningEmitted: boolean } }).state
}

/** The signal that a request is sent with, its caller's or ours. */
export function signalIn(context: HandlerExecutionContext): AbortSignal | undefined {
  return context[SMITHY_CONTEXT_KEY]?.abortSignal as AbortSignal | undefined
}

/** Replaces the signal; the SDK's retry loop then watches it between attempts and while it waits. */
export function setSignal(context: HandlerExecutionContext, signal: AbortSignal): void {
  context[SMITHY_CONTEXT_KEY] = { ...context[SMITHY_CONTEXT_KEY], abortSignal: signal }
}

/**
 * A separate document client over `client`. The SDK keeps a document client's marshalling options in the configuration
 * of the client it was made from, where the next document client overwrites them; hence the copy.
 */
export function ownDocumentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  const copy = Object.create(client, { config: { value: { ...client.config } } }) as DynamoDBClient
  return DynamoDBDocumentClient.from(copy, {
    // Values that are not plain objects are refused before this; the SDK also treats an object with a member named
    // `constructor` as an instance.
    marshallOptions: { removeUndefinedValues: true, convertClassInstanceToMap: true },
  })
}
