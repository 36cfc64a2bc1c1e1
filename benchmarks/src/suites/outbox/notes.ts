/** What the queues promise: the ratios alone would compare unlike with like. */
export const outboxNotes = `In \`enqueue\` and \`drain\` ours is beside pg-boss and graphile-worker, which need Node 22.12 and 22.18: a run on an older one leaves them
out, and says so. All three write their jobs in the transaction that causes them, and do them if and only if it commits. Beyond that they promise:

| | ours | pg-boss | graphile-worker |
| --- | --- | --- | --- |
| the order of a key | that of the commits | policy \`key_strict_fifo\`: that in which the transactions began; jobs of one by their ids, so the caller must give ascending ones, as here | a named queue for each key: one at a time, by \`run_at\`, which is when the transaction began; jobs of one have no order unless the caller gives each a moment of its own, as here |
| a job that fails | its key waits for it until it is done or a dead letter | its key waits, and stands when it has failed for good until somebody retries or deletes it | is tried again later; what comes behind it in its queue goes on |
| once | at least once, under the same id; effects on DynamoDB once in effect | at least once | at least once |
| a worker that dies | another has its part after 10 s | the job expires after 15 minutes, or as set for its queue | the job is free after 4 hours |
| an answer to COMMIT that was lost | found out by the mark that goes with the effects | left to the caller | left to the caller |
| who may cause a job | the service, and people where it is opened to them | whoever may write its tables | whoever may call its functions |

Ours is an interactive transaction of the service, with an identity and a mark, and is measured against its own row "ours, no jobs"; the others against "pg, no jobs".
Workers are set up for throughput: ours by default (32 at a time), pg-boss with batches of 100 and no pause while they are full, graphile-worker with 16 at a time
out of a local queue of 500, with batched completions.`
