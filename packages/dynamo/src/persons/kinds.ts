import {
  agentAheadEntity,
  agentReceiptEntity,
  agentVersionEntity,
  currentAgentStateEntity,
} from '../agent-state/entity.js'
import { eventEntity } from '../events/entity.js'
import { messageEntity, messageReceiptEntity, queueEntity } from '../messages/entity.js'
import type { TableDefinition } from '../tables/definition.js'
import { agentStateTable, eventsTable, messagesTable } from '../tables/definitions.js'

/** The tables of DynamoDB, under their names in `db.dynamodb`. */
export type PersonTable = 'events' | 'agentState' | 'messages'

export const personTables: Readonly<Record<PersonTable, TableDefinition>> = {
  events: eventsTable,
  agentState: agentStateTable,
  messages: messagesTable,
}

/**
 * The data of a person in DynamoDB: every kind of item, by ElectroDB's name of its entity, and the attributes that
 * identify a person's items. Each item belongs to the person as a whole, and is deleted as a whole.
 */
export const personKinds = {
  ev: { table: 'events', foundBy: ['userId', 'repositoryId'], entity: eventEntity },
  agent: { table: 'agentState', foundBy: ['agentId'], entity: currentAgentStateEntity },
  agentVersion: { table: 'agentState', foundBy: ['agentId'], entity: agentVersionEntity },
  agentSave: { table: 'agentState', foundBy: ['agentId'], entity: agentReceiptEntity },
  agentAhead: { table: 'agentState', foundBy: ['agentId'], entity: agentAheadEntity },
  msg: { table: 'messages', foundBy: ['recipient'], entity: messageEntity },
  queue: { table: 'messages', foundBy: ['recipient'], entity: queueEntity },
  enq: { table: 'messages', foundBy: ['recipient'], entity: messageReceiptEntity },
} as const satisfies Readonly<
  Record<string, { readonly table: PersonTable; readonly foundBy: readonly string[]; readonly entity: unknown }>
>

/** ElectroDB's mark of an item's kind. */
const KIND = '__edb_e__'

/** The members of ElectroDB's entities used here, of any kind. */
type AnyEntity = (table: string) => {
  parse(answer: { readonly Item: Record<string, unknown> }): {
    readonly data: Readonly<Record<string, unknown>> | null
  }
}

/** An item under the names of its entity's attributes; one of an unknown kind as it is stored. */
export function readable(item: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const kind = item[KIND]
  if (typeof kind !== 'string' || !Object.hasOwn(personKinds, kind)) return item
  const entity: AnyEntity = personKinds[kind as keyof typeof personKinds].entity
  return entity('any').parse({ Item: { ...item } }).data ?? item
}
