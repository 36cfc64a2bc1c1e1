import { type AgentStateContent, checkContent } from './agent-state/state.js'
import { checkEvent, type EventContent, type NewEvent } from './events/event.js'
import { MadeDays } from './events/made-days.js'
import { checkedClock } from './items/clock.js'
import { createIdSource, type IdSource } from './items/ids.js'
import { checkMessage, type NewMessage } from './messages/message.js'
import { checkedOptions, type DynamoOptions } from './options.js'

export type { AgentStateContent, EventContent }

/** A message that accompanies something with its own id. */
export type MessageContent = Omit<NewMessage, 'id'>

/**
 * Validates and copies what is to be written to DynamoDB later, as the entities' own calls would. Loads neither the AWS
 * SDK nor ElectroDB.
 *
 * All methods throw {DynamoInputError}, {DynamoValueError} or {PayloadTooLargeError} naming the member that cannot be
 * stored.
 */
export interface EffectChecks {
  /** The event, and the id that it has or is assigned. */
  event(event: NewEvent): { readonly id: string; readonly content: EventContent }
  message(message: MessageContent): MessageContent
  agentState(state: AgentStateContent): AgentStateContent
  /** Ids in call order. */
  readonly ids: IdSource
  /** The clock, in milliseconds since 1970. */
  now(): number
}

/** Creates the checks of a context with these options. */
export function effectChecks(options: DynamoOptions = {}): EffectChecks {
  const { retention } = checkedOptions(options)
  const now = checkedClock(options.now ?? (() => Date.now()))
  const ids = createIdSource(now)
  const model = { retentionMs: retention.eventsMs, ids, madeDays: new MadeDays(), now }
  return {
    event: (event) => checkEvent(event, model),
    message: (message) => checkMessage(message),
    agentState: (state) => checkContent(state),
    ids,
    now,
  }
}
