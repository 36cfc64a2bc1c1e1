import type { ClientBase } from 'pg'
import type { Job } from '../effects.js'

/** Is called with every job when its turn has come. */
export type OnJob = (job: Job) => void

/** A queue in PostgreSQL that takes jobs of a transaction. */
export interface JobQueue {
  readonly name: string
  /** Whether its jobs have keys. */
  readonly isKeyed: boolean
  /** Writes the jobs in the transaction that the client is in. */
  enqueue(client: ClientBase, jobs: readonly Job[]): Promise<void>
  /** Starts a worker, and stops it when so many jobs are done. */
  drain(count: number, onJob: OnJob): Promise<void>
  /** How many jobs are not done. */
  left(): Promise<number>
  /** Removes all jobs, done or not. */
  empty(): Promise<void>
}

/** A library, and its queues. */
export interface QueuePeer extends AsyncDisposable {
  readonly queues: readonly JobQueue[]
}
