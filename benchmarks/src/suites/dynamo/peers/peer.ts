import type { BenchEvent, EventRow } from '../model.js'

/** Everything the workloads ask of a library. */
export interface DynamoPeer {
  readonly name: string
  /** Puts an event unless it is there. */
  put(event: BenchEvent): Promise<unknown>
  get(event: BenchEvent): Promise<EventRow | undefined>
  /** The latest events of a user, from the index. */
  latest(userId: string, limit: number): Promise<readonly EventRow[]>
  /** Enqueues a message, unless the queue is full, then acknowledges it. */
  deliver(recipient: string): Promise<unknown>
  /** Saves the first state of an agent and a version of it, in one transaction. */
  save(agentId: string): Promise<unknown>
  /** Puts 25 events in one request. */
  putAll(events: readonly BenchEvent[]): Promise<unknown>
}
