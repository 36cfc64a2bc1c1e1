import { Calls, Hook, type HooksAndCalls, type Logger } from '@miyabi/core'
import type { DynamoObserver } from './facts.js'

/** Everything that can be observed of one client. */
export interface DynamoHooks extends HooksAndCalls<DynamoObserver> {}

/** @param logger gets a line for each observer that fails, once. */
export function createDynamoHooks(logger: Logger): DynamoHooks {
  const onFailed = (error: unknown): void =>
    logger.warn(
      { event: 'dynamo.observer_failed', error },
      'an observer threw; this is reported once, and the observer stays registered',
    )
  return { calls: new Calls(onFailed), call: new Hook(onFailed), attempt: new Hook(onFailed) }
}
