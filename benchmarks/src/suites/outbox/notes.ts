/** What the queues promise: the ratios alone would compare unlike with like. */
export const outboxNotes = `\`enqueue\` and \`drain\` compare ours with pg-boss and graphile-worker, which need Node 22.12 and 22.18: a run on an older version skips them
and reports it. All three write their jobs in the transaction that causes them, and run them if and only if it commits. Beyond that they guarantee:

| | ours | pg-boss | graphile-worker |
| --- | --- | --- | --- |
| order per key | that of the commits | policy \`key_strict_fifo\`: that in which the transactions began; jobs of one transaction by their ids, so the caller must pass ascending ones, as here | a named queue per key: one at a time, by \`run_at\`, which is when the transaction began; jobs of one transaction have no order unless the caller gives each a different time, as here |
| a failing job | its key waits until it is done or a dead letter | its key waits; after the final failure it stops until somebody retries or deletes the job | is retried later; jobs behind it in its queue continue |
| delivery | at least once, under the same id; effects on DynamoDB are applied exactly once | at least once | at least once |
| a worker dies | another takes over its partitions after 10 s | the job expires after 15 minutes, or as set for its queue | the job is released after 4 hours |
| the answer to COMMIT is lost | the mark that is written with the effects reveals the outcome | left to the caller | left to the caller |
| permission to create a job | the service, and users for effects that are opened to them | anyone who may write its tables | anyone who may call its functions |

Ours is an interactive transaction of the service, with an identity and a mark, and is measured against its own row "ours, no jobs"; the others against "pg, no jobs".
Workers are configured for throughput: ours by default (32 at a time), pg-boss with batches of 100 and no pause while they are full, graphile-worker with 16 at a time
from a local queue of 500, with batched completions.`
