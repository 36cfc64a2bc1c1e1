import { until } from '@miyabi/testing'
import type { Database, EffectDefinitions, Relay } from '../src/index.js'

/** Starts the only relay of the store, and waits until it holds the whole outbox. */
export async function onlyRelay<Effects extends EffectDefinitions>(
  db: Pick<Database<Effects>, 'relay'>,
): Promise<Relay> {
  const relay = db.relay({ leaseMs: 1000 })
  await until(async () => relay.stats().partitions === 16)
  return relay
}
