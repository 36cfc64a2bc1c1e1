import { createIdSource } from '@miyabi/dynamo'
import type pg from 'pg'
import { PgBoss } from 'pg-boss'
import type { Job } from '../effects.js'
import type { JobQueue, OnJob, QueuePeer } from './peer.js'

/** Jobs of one fetch; a full one is followed by the next at once. */
const BATCH = 100

/** The least it takes. */
const POLL_SECONDS = 0.5

/** pg-boss as its documentation sets it up for throughput: batches, without a pause while they are full. */
export async function openPgBoss(pool: pg.Pool, connectionString: string, max: number): Promise<QueuePeer> {
  // What goes on by the minute (schedules, maintenance) would fall into somebody's slice.
  const boss = new PgBoss({ connectionString, max, supervise: false, schedule: false })
  let onError: (error: Error) => void = () => {}
  boss.on('error', (error) => onError(error))
  await boss.start()

  async function queue(id: string, isKeyed: boolean): Promise<JobQueue> {
    await boss.createQueue(id, { policy: isKeyed ? 'key_strict_fifo' : 'standard' })
    return {
      name: isKeyed ? 'pg-boss, with keys' : 'pg-boss',
      isKeyed,
      async enqueue(client, jobs) {
        const db = { executeSql: (text: string, values?: unknown[]) => client.query(text, values) }
        await boss.insert(id, jobs.map(toInsert), { db })
      },
      async drain(count, onJob) {
        await new Promise<void>((resolve, reject) => {
          onError = reject
          boss
            .work(
              id,
              { batchSize: BATCH, burstWhenBatchFull: true, pollingIntervalSeconds: POLL_SECONDS },
              countingHandler(count, onJob, resolve),
            )
            .catch(reject)
        })
        await boss.offWork(id, { wait: true }) // the last batch is marked as done when its handler has returned
      },
      async left() {
        const { rows } = await pool.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM pgboss.job WHERE name = $1 AND state < 'completed'`,
          [id],
        )
        return rows[0]?.count ?? 0
      },
      empty: async () => void (await pool.query('TRUNCATE pgboss.job CASCADE')),
    }
  }

  return {
    queues: [await queue('jobs', false), await queue('jobs-by-key', true)],
    [Symbol.asyncDispose]: () => boss.stop({ graceful: false }),
  }
}

/** Jobs of one transaction are as old as each other, and then go by their ids: random ones would lose their order. */
const ids = createIdSource(Date.now)

const toInsert = (data: Job) => (data.key === undefined ? { data } : { data, id: ids.next(), singletonKey: data.key })

interface Arrived {
  readonly data: Job
}

function countingHandler(count: number, onJob: OnJob, onDone: () => void) {
  let done = 0
  return async (jobs: readonly Arrived[]): Promise<void> => {
    for (const { data } of jobs) onJob(data)
    done += jobs.length
    if (done >= count) onDone()
  }
}
