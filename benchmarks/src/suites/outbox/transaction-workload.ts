import type { Contender, Workload } from '../../harness/workload.js'
import { appendAll, rename } from './effects.js'
import type { OutboxWorld } from './world.js'

const EFFECTS = 10

/** What effects add to the transaction that causes them. */
export function transactionWorkload({ db, userIds, empty }: OutboxWorld): Workload {
  const service = db.asService()
  const userOf = (turn: number): string => userIds[turn % userIds.length] ?? ''
  const tidy = (): Promise<void> => empty('outbox', 'commit_marks')
  const withEffects = (name: string, keyOf?: (turn: number) => (index: number) => string): Contender => ({
    name,
    run: (turn) =>
      service.transaction(async (tx, run) => {
        await rename(tx, userOf(turn), turn)
        appendAll(run, EFFECTS, turn, keyOf?.(turn))
      }),
    after: tidy,
  })
  return {
    name: 'transaction',
    about: `One row is changed in an interactive transaction of the service: without effects, the same with a mark that reveals the outcome if the answer to COMMIT is lost (\`certain\`), and with ${EFFECTS} events for DynamoDB of 300 bytes, without keys and with one key each. They are not delivered meanwhile. Effects include the mark.`,
    concurrency: [1, 16],
    contenders: [
      { name: 'no effects', run: (turn) => service.transaction((tx) => rename(tx, userOf(turn), turn)), after: tidy },
      {
        name: 'no effects, certain',
        run: (turn) => service.transaction((tx) => rename(tx, userOf(turn), turn), { certain: true }),
        after: tidy,
      },
      withEffects('ten effects'),
      withEffects('ten effects with keys', (turn) => (index) => `${turn}-${index}`),
    ],
    reset: tidy,
  }
}
