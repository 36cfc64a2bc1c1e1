import type { Relay } from '@miyabi/db'
import type { Workload } from '../../harness/workload.js'
import { appendAll, rename, webhook } from './effects.js'
import type { OutboxWorld } from './world.js'

/** How long an effect takes from the transaction on. */
export function latencyWorkload({ db, userIds, empty }: OutboxWorld): Workload {
  const service = db.asService()
  const userOf = (turn: number): string => userIds[turn % userIds.length] ?? ''
  const tidy = (): Promise<void> => empty('outbox', 'commit_marks')
  let relay: Relay | undefined
  let endObserving: (() => void) | undefined
  let onStored: (() => void) | undefined
  const effect = async (turn: number): Promise<void> => {
    const stored = new Promise<void>((resolve) => {
      onStored = resolve
    })
    await service.transaction(async (tx, run) => {
      await rename(tx, userOf(turn), turn)
      appendAll(run, 1, turn)
    })
    await stored
  }
  return {
    name: 'commit to effect',
    about:
      'One row is changed in a transaction, and an event is stored in DynamoDB: by an append after the commit, which a crash in between would lose, and as an effect of the transaction, by a relay in the same process, which the commit wakes. Timed from the beginning of the transaction until DynamoDB has answered.',
    concurrency: [1],
    contenders: [
      {
        name: 'direct append',
        async run(turn) {
          await service.transaction((tx) => rename(tx, userOf(turn), turn))
          await db.dynamodb.events.append(webhook(turn))
        },
      },
      {
        name: 'effect by a relay',
        async before() {
          endObserving = db.observe({
            call: ({ operation }) => (operation === 'events.writer.append' ? onStored?.() : undefined),
          })
          relay = db.relay()
          await relay.drain()
          await effect(0) // what a relay does once is none of an effect's time
        },
        run: effect,
        async after() {
          await relay?.close()
          endObserving?.()
          await tidy()
        },
      },
    ],
    comparable: () => undefined,
    reset: tidy,
  }
}
