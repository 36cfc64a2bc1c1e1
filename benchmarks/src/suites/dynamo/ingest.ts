import type { Dynamo } from '@miyabi/dynamo'
import type { Contender, Workload } from '../../harness/workload.js'
import { newEvent } from './model.js'
import type { DynamoPeer } from './peers/peer.js'

/** What a write answers differs by library and is not asked for. */
const comparable = (): undefined => undefined

/** So many callers each append one event after another. */
export function ingestWorkload(peers: readonly [DynamoPeer, ...DynamoPeer[]], { events }: Dynamo): Workload {
  const writer = events.writer({ maxPending: 1000 })
  const [base, ...others] = peers.map(
    (peer): Contender => ({ name: peer.name, run: (turn) => peer.put(newEvent(turn)) }),
  ) as [Contender, ...Contender[]]
  const gathered: Contender = {
    name: 'ours: writer',
    run(turn) {
      const { eventType, userId, data } = newEvent(turn)
      return writer.append({ eventType, userId, data })
    },
  }
  return {
    name: 'ingest',
    about:
      'Callers append one event of 300 bytes after another. The peers send a conditional put for each; `ours: writer` collects concurrent appends into batches of up to 25, which have no condition, and each caller learns the outcome of its own event. A closed loop favors it: callers that are answered together return together.',
    concurrency: [1, 16, 64, 256],
    contenders: [base, ...others, gathered],
    comparable,
  }
}
