import type { AgentState } from '../agent-state/state.js'
import type { StoredEvent } from '../events/event.js'

/** What the items are whose changes a stream tells, by the name that a consumer gives. */
export interface StreamItems {
  readonly events: StoredEvent
  /** Of an agent's current state; its history and other items beside it are left out. */
  readonly agentState: AgentState
}

/** Whose changes: `events` or `agentState`. */
export type StreamName = keyof StreamItems

/** Every change has these. */
interface ChangeFacts {
  /** When DynamoDB took the write, to the second. */
  readonly at: Date
  /** Its number in the shard, which grows; of one item also from shard to shard. */
  readonly sequence: string
}

/** One change of an item. Items of older shapes come in the present one. */
export type Change<T> =
  | (ChangeFacts & { readonly kind: 'insert'; readonly next: T })
  | (ChangeFacts & { readonly kind: 'modify'; readonly next: T; readonly previous: T })
  | (ChangeFacts & {
      readonly kind: 'remove'
      readonly previous: T
      /** Whether DynamoDB removed it because its time was over; false where somebody deleted it. */
      readonly expired: boolean
    })

/** One record of a stream. */
export interface StreamRecord<T> {
  readonly sequence: string
  readonly at: Date
  /** Undefined for an item of another kind in the same table, and where `unreadable` tells why there is none. */
  readonly change?: Change<T>
  /** What reading its item failed with, such as `ItemShapeError` of a newer release's. */
  readonly unreadable?: unknown
  /** The whole record as JSON, in DynamoDB's wire form: bytes are base64. */
  toText(): string
}
