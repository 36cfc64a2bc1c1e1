import { Calls, Hook, type HooksAndCalls, type Logger } from '@miyabi/core'
import type { PostgresObserver } from './facts.js'

/** All that can be observed of one pool and of what is asked over it. */
export interface PostgresHooks extends HooksAndCalls<PostgresObserver> {}

/** @param logger is told of each observer that fails, once. */
export function createPostgresHooks(pool: string, logger: Logger): PostgresHooks {
  const onFailed = (error: unknown): void =>
    logger.warn({ event: 'postgres.observer_failed', pool, error }, 'an observer threw; it is told once, and goes on')
  return {
    calls: new Calls(onFailed),
    statement: new Hook(onFailed),
    pool: new Hook(onFailed),
    transaction: new Hook(onFailed),
    retry: new Hook(onFailed),
  }
}
