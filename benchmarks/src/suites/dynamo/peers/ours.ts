import type { Dynamo, StoredEvent } from '@miyabi/dynamo'
import { agent } from '../agent-model.js'
import { message } from '../message-model.js'
import type { BenchEvent, EventRow } from '../model.js'
import type { DynamoPeer } from './peer.js'

/** `@miyabi/dynamo`: every input checked, every call under its deadline. */
export function ourPeer(name: string, { agentState, events, messages }: Dynamo): DynamoPeer {
  // Without the id: a new event gets its own, and one that is given may be stored already, which is looked for.
  const toNew = ({ eventType, userId, data }: BenchEvent) => ({ eventType, userId, data })
  const toRow = ({ id, eventType, userId = '', data }: StoredEvent): EventRow => ({ id, eventType, userId, data })
  return {
    name,
    put: (event) => events.append(toNew(event)),
    async get({ eventType, id }) {
      const event = await events.get(eventType, id)
      return event && toRow(event)
    },
    latest: async (userId, limit) => (await events.byUser(userId, { limit })).items.map(toRow),
    async deliver(recipient) {
      const { messageId } = await messages.enqueue({ recipient, ...message })
      await messages.acknowledge(recipient, messageId)
    },
    save: (agentId) => agentState.save({ agentId, ...agent, expectedVersion: 0 }),
    putAll: (all) => events.appendMany(all.map(toNew)),
  }
}
