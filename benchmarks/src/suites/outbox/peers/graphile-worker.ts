import { Logger, run, runMigrations } from 'graphile-worker'
import type pg from 'pg'
import type { Job } from '../effects.js'
import type { JobQueue, QueuePeer } from './peer.js'

const CONCURRENT_JOBS = 16

const ADD_JOBS = `
  SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(
    SELECT json_populate_record(NULL::graphile_worker.job_spec, spec) FROM json_array_elements($1::json) spec))`

/** Graphile Worker as its documentation sets it up for throughput. */
export async function openGraphileWorker(pool: pg.Pool): Promise<QueuePeer> {
  const logger = new Logger(() => () => {})
  await runMigrations({ pgPool: pool, logger })

  const queue = (isKeyed: boolean): JobQueue => ({
    name: isKeyed ? 'graphile-worker, with keys' : 'graphile-worker',
    isKeyed,
    async enqueue(client, jobs) {
      await client.query(ADD_JOBS, [JSON.stringify(jobs.map(toSpec))])
    },
    async drain(count, onJob) {
      let done = 0
      let onDone: () => void = () => {}
      const finished = new Promise<void>((resolve) => {
        onDone = resolve
      })
      const runner = await run({
        pgPool: pool,
        logger,
        noHandleSignals: true,
        crontab: '',
        preset: { worker: { concurrentJobs: CONCURRENT_JOBS, ...IN_BATCHES } },
        taskList: {
          job(payload) {
            onJob(payload as Job)
            done += 1
            if (done === count) onDone()
          },
        },
      })
      await Promise.race([finished, runner.promise])
      await runner.stop()
    },
    async left() {
      const { rows } = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM graphile_worker.jobs')
      return rows[0]?.count ?? 0
    },
    empty: async () =>
      void (await pool.query('TRUNCATE graphile_worker._private_jobs, graphile_worker._private_job_queues')),
  })

  return { queues: [queue(false), queue(true)], [Symbol.asyncDispose]: async () => {} }
}

/**
 * Jobs are fetched and marked as done many at a time. A queue of its own for a key gives one job at a time, so a fetch
 * may find none while there are some: the next is as soon as our relay's.
 */
const IN_BATCHES = { localQueue: { size: 500 }, completeJobBatchDelay: 0, pollInterval: 25 }

let lastRunAt = 0

/** A moment of its own for each job, and in the past: jobs that are due at the same one lose their order in batches. */
function nextRunAt(): Date {
  lastRunAt = Math.max(lastRunAt + 1, Date.now() - 3_600_000)
  return new Date(lastRunAt)
}

const toSpec = (payload: Job) => ({
  identifier: 'job',
  payload,
  ...(payload.key !== undefined && { queue_name: payload.key, run_at: nextRunAt() }),
})
