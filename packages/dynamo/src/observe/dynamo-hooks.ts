import { addObserver, Calls, Hook, type Hooks, type Logger } from '@miyabi/core'
import type { DynamoObserver } from './facts.js'

type Told = Omit<DynamoObserver, 'begin'>

/** All that can be observed of one client. */
export interface DynamoHooks extends Hooks<Told> {
  readonly calls: Calls
}

/** @param logger is told of each observer that fails, once. */
export function createDynamoHooks(logger: Logger): DynamoHooks {
  const onFailed = (error: unknown): void =>
    logger.warn({ event: 'dynamo.observer_failed', error }, 'an observer threw; it is told once, and goes on')
  return { calls: new Calls(onFailed), call: new Hook(onFailed), attempt: new Hook(onFailed) }
}

/** Returns what ends it. */
export function addDynamoObserver(hooks: DynamoHooks, observer: DynamoObserver): () => void {
  const { calls, ...told } = hooks
  const end = addObserver<Told>(told, observer)
  const stop = observer.begin && calls.add((call) => observer.begin?.(call))
  return () => {
    end()
    stop?.()
  }
}
