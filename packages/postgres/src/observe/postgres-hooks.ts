import { Calls, Hook, type HooksAndCalls, type Logger } from '@miyabi/core'
import type { PostgresObserver } from './facts.js'

/** Everything that can be observed of one pool and of the calls over it. */
export interface PostgresHooks extends HooksAndCalls<PostgresObserver> {}

/** @param logger gets one report of each observer that fails. */
export function createPostgresHooks(pool: string, logger: Logger): PostgresHooks {
  const onFailed = (error: unknown): void =>
    logger.warn({ event: 'postgres.observer_failed', pool, error }, 'an observer threw; reported once, it stays active')
  return {
    calls: new Calls(onFailed),
    statement: new Hook(onFailed),
    pool: new Hook(onFailed),
    transaction: new Hook(onFailed),
    retry: new Hook(onFailed),
  }
}
