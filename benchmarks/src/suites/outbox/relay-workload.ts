import type { Contender, Workload } from '../../harness/workload.js'
import { appendAll, webhook } from './effects.js'
import type { OutboxWorld } from './world.js'

/** Of one transaction; what it has in the outbox is one statement. */
const PORTION = 500
const KEYS = 100

/** How fast one relay carries out what waits. */
export function relayWorkload({ db, empty }: OutboxWorld, rows: number): Workload {
  const tidy = (): Promise<void> => empty('outbox', 'outbox_dead', 'commit_marks')
  const fill = async (keyOf?: (index: number) => string): Promise<void> => {
    for (let from = 0; from < rows; from += PORTION)
      await db.asService().transaction(async (_tx, run) => appendAll(run, Math.min(PORTION, rows - from), from, keyOf))
  }
  const relayed = (name: string, keyOf?: (index: number) => string): Contender => ({
    name,
    before: () => fill(keyOf),
    async run() {
      await using relay = db.relay()
      await relay.drain()
      return relay.stats().topics['events.append']?.delivered
    },
    after: tidy,
  })
  return {
    name: 'relay',
    about: `${rows.toLocaleString('en')} events of 300 bytes to DynamoDB: by one call of \`events.appendMany\`, and from the outbox by a relay, from its start until it is closed. Their transactions are not timed. Without keys they are sent in batches; those of ${KEYS} keys are sent one after another per key.`,
    concurrency: [1],
    single: true,
    contenders: [
      {
        name: 'events.appendMany',
        async run() {
          const events = Array.from({ length: rows }, (_, turn) => webhook(turn))
          return (await db.dynamodb.events.appendMany(events)).ids.length
        },
      },
      relayed('relay'),
      relayed('relay, with keys', (index) => `key-${index % KEYS}`),
    ],
    reset: tidy,
  }
}
